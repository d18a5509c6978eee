import io
import time

from rich.console import Console

from tfelc.core import slow_line
from tfelc.core.step_status import name_step, step_status


def said(monkeypatch, seconds, shown=True):
    monkeypatch.setattr(slow_line.SlowLine.__init__, "__defaults__", (0.05,))
    out = io.StringIO()
    with step_status(shown, Console(file=out), "starting"):
        time.sleep(seconds)
        name_step("searching 20 centers [of 30]")
        time.sleep(seconds)
        name_step("writing")
    name_step("nobody looks at this")
    time.sleep(seconds)
    return out.getvalue()


def test_a_log_gets_a_line_for_a_named_step_that_takes_long(monkeypatch):
    assert said(monkeypatch, 0.2) == "searching 20 centers [of 30] ...\n"


def test_a_quick_step_and_one_that_nobody_watches_are_silent(monkeypatch):
    assert said(monkeypatch, 0) == ""
    assert said(monkeypatch, 0.2, shown=False) == ""


def test_the_search_for_initial_centers_names_itself(monkeypatch):
    import numpy as np

    from tfelc.layers.learnable_clusters import LearnableClusters

    named = []
    monkeypatch.setattr("tfelc.layers.learnable_clusters.name_step", named.append)
    clusters = LearnableClusters(num_clusters=3)
    clusters.build((None, 4))
    clusters.initialize_centers(np.random.default_rng(0).normal(size=(40, 4)), seed=1)
    assert named == ["searching 3 initial cluster centers by K-means among 40 embeddings"]
