"""The plug-in is imported by its own name, where a test names it: not by the search for examples."""

collect_ignore = ["own_parts.py"]
