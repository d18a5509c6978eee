import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    folder = os.environ.get("TFELC_DATA_DIR")
    if not folder:
        pytest.skip("TFELC_DATA_DIR is not set: no real data here")
    return Path(folder)
