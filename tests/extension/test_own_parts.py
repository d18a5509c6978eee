"""Parts of one's own, named in the settings, are built, trained and found again as the package's own are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.sequence_models import ITEM_BATCH, ITEMS, TARGETS
from tests.support.training import ROOT
from tfelc.core.errors import ConfigError, UsageError
from tfelc.features.fit import fit_features
from tfelc.losses.next_item.settings import NEXT_ITEM_LOSSES
from tfelc.losses.task_balance.settings import TASK_BALANCES
from tfelc.losses.task_losses import task_losses
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS
from tfelc.next_item.settings import NextItemSettings
from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings

FOLDER = Path(__file__).parent
PLUGIN = "own_parts"
REGISTRIES = (ARCHITECTURES, TASK_BALANCES, NEXT_ITEM_LOSSES, SEQUENCE_MODELS)
RANKER = {
    "plugins": [PLUGIN],
    "model": {
        "architecture": {"name": "even_mixture", "units": [6, 4]},
        "clusters": {"num_clusters": 3, "dim": 4},
        "embedding_dim": 4,
    },
    "training": {"balance": {"name": "halved", "factor": 0.25}},
}
NEXT_ITEM = {"plugins": [PLUGIN], "model": {"name": "mean_of_items", "dim": 4, "loss": {"name": "margin", "margin": 2}}}


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plug-in's folder on the path; what it registers is gone afterwards."""
    monkeypatch.syspath_prepend(FOLDER)
    before = [dict(registry._parts) for registry in REGISTRIES]
    yield
    for registry, parts in zip(REGISTRIES, before, strict=True):
        registry._parts = parts
    sys.modules.pop(PLUGIN, None)


def test_without_the_plug_in_there_are_no_such_parts() -> None:
    with pytest.raises(ConfigError, match="`model.architecture`: no architecture `even_mixture`"):
        RankerSettings.load({**RANKER, "plugins": []})
    with pytest.raises(ConfigError, match="`model`: no next-item model `mean_of_items`"):
        NextItemSettings.load({**NEXT_ITEM, "plugins": []})
    with pytest.raises(UsageError, match=f"plugins: `{PLUGIN}` cannot be imported"):
        RankerSettings.load(RANKER)


def test_the_settings_of_the_parts_are_read_checked_and_written(plugin: None, tmp_path: Path) -> None:
    for kind, content in ((RankerSettings, RANKER), (NextItemSettings, NEXT_ITEM)):
        settings: Any = kind.load(content)
        path = tmp_path / "config.yaml"
        path.write_text(settings.dump())
        assert kind.load(path) == settings and f"- {PLUGIN}" in settings.dump()
    assert NextItemSettings.load(NEXT_ITEM).model.loss.to_dict()["margin"] == 2
    assert RankerSettings.load({}, [f"plugins=[{PLUGIN}]", "model.architecture=even_mixture"]).model.architecture.name
    with pytest.raises(ConfigError, match="`model.architecture.num_experts`: must be at least 1. Received: 0"):
        RankerSettings.load(RANKER, ["model.architecture.num_experts=0"])
    with pytest.raises(ConfigError, match="`training.balance.factr`: no such setting; did you mean `factor`"):
        RankerSettings.load(RANKER, ["training.balance.factr=2"])
    # Another architecture keeps what both have, and only that.
    mmoe = RankerSettings.load(RANKER, ["model.architecture=mmoe"]).model.architecture.to_dict()
    assert mmoe == {"name": "mmoe", "units": [6, 4], "dropout": 0.0, "num_experts": 4}


def test_a_ranker_of_one_s_own_architecture_and_balance_learns(plugin: None) -> None:
    keras.utils.set_random_seed(0)
    rows, heads = every_kind_rows(64, 0), ["click", "buy"]
    settings = RankerSettings.load(RANKER)
    fitted = fit_features(every_kind_schema(), [rows])
    model = RankingModel.build(every_kind_schema(), fitted, heads, settings)
    inputs = {key: tf.constant(value) for key, value in model.lookup.encode(rows).items()}
    labels = {name: tf.constant(np.array(rows[model.tasks[name].label], "float32")) for name in heads}
    outputs = model.ranker(inputs)
    np.testing.assert_allclose(outputs["gates"]["buy"], np.full((64, 3), 1 / 3), rtol=1e-6)
    balance = settings.training.balance.create(heads, {"click": 1.0, "buy": 0.5}, seed=0)
    variables = model.ranker.trainable_variables
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(variables)
    shared = [variable.value for variable in model.ranker.network.experts.shared_variables]
    assert shared

    def step() -> float:
        with tf.GradientTape(persistent=True) as tape:
            logits = model.ranker(inputs, training=True)["logits"]
            losses = task_losses(model.tasks, labels, logits)
            auxiliary = sum(model.ranker.losses)
        values = [variable.value for variable in variables]
        gradients = balance.gradients(tape, losses, auxiliary, values, shared)
        assert all(gradient is not None for gradient in gradients)
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
        return float(sum(balance.weighted(losses).values()))

    first, *_, last = [step() for _ in range(30)]
    assert last < 0.9 * first
    balance.end_epoch()
    assert step() == pytest.approx(0.25 * last, rel=0.2)
    # One row of a ranking request serves all its items.
    request = {key: value if key.startswith("item") else value[:1] for key, value in inputs.items()}
    assert model.ranker(request, broadcast=True)["logits"]["click"].shape == (64,)


def test_a_next_item_model_and_loss_of_one_s_own_learn(plugin: None) -> None:
    keras.utils.set_random_seed(0)
    model = NextItemSettings.load(NEXT_ITEM).model.create(ITEMS, 8, np.ones(ITEMS, np.int64), seed=0)
    assert (model.name, model.dim) == ("mean_of_items", 4)
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(model.trainable_variables)

    def step() -> float:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(ITEM_BATCH, TARGETS)["next_item"]
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], model.trainable_variables)
        return float(loss)

    first, *_, last = [step() for _ in range(60)]
    assert first == pytest.approx(2.0, abs=0.1) and last < 0.5 * first
    assert list(model(ITEM_BATCH)) == ["embedding"]


def test_a_run_of_one_s_own_model_loads_in_a_fresh_process(plugin: None, tmp_path: Path) -> None:
    """Its settings name the plug-in."""
    from tests.support.untrained_recommender import write_sequences
    from tfelc.lifecycle.training.checkpoint import save_checkpoint
    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.run import NextItemRun, build_model

    settings = NextItemSettings.load(NEXT_ITEM)
    source = write_sequences(tmp_path / "sequences.parquet")
    sequences = load_sequences(source)
    run = NextItemRun.create(tmp_path / "run", settings, sequences, str(source))
    model = build_model(settings, sequences.num_items, np.ones(sequences.num_items, np.int64))
    save_checkpoint(run.best, {"model": model.variables}, {})
    command = [sys.executable, "-m", "tfelc.commands", "evaluate", "--run", run.path, "--json"]
    known = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), str(ROOT)])}
    done = subprocess.run(command, cwd=tmp_path, env=known, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "") and '"ndcg@20"' in done.stdout
    unknown = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=unknown, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: plugins: `{PLUGIN}` cannot be imported") and done.stderr.count("\n") == 1
