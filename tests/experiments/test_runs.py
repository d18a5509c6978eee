import pytest
from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.experiments.runs import Runs


class Counting(Runs[int, str]):
    """Runs that write their settings into a file."""

    last_file = "done.txt"

    def __init__(self, plans):
        super().__init__(plans, Console(quiet=True))
        self.trained = []

    def is_same(self, name, path, config):
        return (path / "run.json").read_text() == str(config)

    def train(self, name, path, config):
        self.trained.append((name, config, (path / "run.json").exists()))
        path.mkdir(exist_ok=True)
        (path / "run.json").write_text(str(config))
        (path / "done.txt").write_text(f"{name} {config}")

    def measure(self, path):
        return (path / "done.txt").read_text()


@pytest.fixture
def plans(tmp_path):
    folder = tmp_path / "runs"
    return {"a": [(folder / f"a-{seed}", seed) for seed in range(3)], "b": [(folder / "b", 7)]}


def test_every_variant_is_trained_seed_by_seed(plans):
    runs = Counting(plans)
    runs.check()
    assert runs.run() == {"a": ["a 0", "a 1", "a 2"], "b": ["b 7"]}
    assert [(name, config) for name, config, _ in runs.trained] == [("a", 0), ("b", 7), ("a", 1), ("a", 2)]


def test_what_has_ended_is_read_and_what_was_stopped_goes_on(plans):
    first = Counting(plans)
    found = first.run()
    (plans["a"][1][0] / "done.txt").unlink()
    again = Counting(plans)
    again.check()
    assert again.run() == found
    assert again.trained == [("a", 1, True)]


def test_a_run_of_other_settings_is_refused_before_anything_is_trained(plans):
    Counting({"b": plans["b"]}).run()
    other = Counting({**plans, "b": [(plans["b"][0][0], 8)]})
    with pytest.raises(
        RunError, match="b: was made with other settings or data than are asked for; name another --runs"
    ):
        other.check()
    assert other.trained == []
