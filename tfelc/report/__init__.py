"""A trained run as one page to read: pictures, tables and plain words."""
