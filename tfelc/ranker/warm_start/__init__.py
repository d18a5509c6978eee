"""A training that starts from another run: what is carried over, and what it may differ in."""
