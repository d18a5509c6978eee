"""Small programs in several languages that send a prepared request; `tfelc request --write` fills in the addresses."""
