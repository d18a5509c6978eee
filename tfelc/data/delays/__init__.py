"""Outcomes that come some time after their rows: which rows are old enough to know them."""
