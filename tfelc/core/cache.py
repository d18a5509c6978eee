"""Where data that can be made again is kept between runs."""

import os
from pathlib import Path


def cache_home() -> Path:
    """The folder for made or downloaded data: `TFELC_HOME`, or `tfelc` in the user's cache directory.

    The user's cache directory is `XDG_CACHE_HOME` where that is an absolute path, and `~/.cache` otherwise. The folder
    is not created.
    """
    if home := os.environ.get("TFELC_HOME"):
        return Path(home).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "tfelc"
