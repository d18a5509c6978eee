"""Ways for the tests of the benchmarks' harness, which calls them in processes of their own."""

import os


def echo(**arguments):
    """What it was called with, where, and after which start."""
    import sys

    started = "tensorflow" in sys.modules
    return {**arguments, "process": os.getpid(), "variable": os.environ.get("TFELC_TEST"), "tensorflow": started}


def failing():
    """A way that fails."""
    from tfelc.core.errors import DataError

    raise DataError("no such rows")
