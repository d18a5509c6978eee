"""What is said of data that is read all the same."""

from __future__ import annotations


class DataWarning(UserWarning):
    """Something about the data that a user may want to know; it is read as the message says."""
