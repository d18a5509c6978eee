"""Experiments, which compare variants over seeds, and benchmarks, which measure the machine; both on result files."""
