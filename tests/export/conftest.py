import pytest


@pytest.fixture(scope="session")
def served(exported):
    from tfelc.export.session_runner import SessionRunner

    with SessionRunner(exported.path) as runner:
        yield runner
