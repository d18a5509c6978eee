import pytest


@pytest.fixture(scope="session")
def exported(tmp_path_factory, untrained_run):
    from tfelc.export.exporter import export

    return export(untrained_run, tmp_path_factory.mktemp("exported") / "base")


@pytest.fixture(scope="session")
def served(exported):
    from tfelc.export.session_runner import SessionRunner

    with SessionRunner(exported.path) as runner:
        yield runner


@pytest.fixture(scope="session")
def trained(untrained_run):
    return untrained_run.model()
