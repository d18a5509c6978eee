"""A model's folder and a manager that follows it."""

import pytest

from tests.serving.conftest import NAME
from tfelc.serving.local_server.model_manager import ModelManager


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / NAME
    path.mkdir()
    return path


@pytest.fixture
def manager():
    made = ModelManager(poll=0.02)
    yield made
    made.close()
