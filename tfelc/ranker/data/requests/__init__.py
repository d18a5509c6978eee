"""Logged requests as rows, and their outcomes."""
