"""The commands, one a file; `main` finds them by name."""
