"""The measurements behind `tfelc benchmark`: each prints a table and writes a result file."""
