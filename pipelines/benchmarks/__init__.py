"""The benchmarks behind `pipelines/benchmark.py`: each prints a table and writes a result file."""
