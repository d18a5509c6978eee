"""Probabilities that come true as often as they say, from the fit to the served answer."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.support.training import create
from tfelc.data.dataset import Dataset
from tfelc.layers.logit_calibration import LogitCalibration
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Outcome, Predictor
from tfelc.ranker.evaluation.tables import calibration_table
from tfelc.ranker.export.exporter import export
from tfelc.ranker.run import RankerRun
from tfelc.ranker.training.fit_calibration import fit_calibration, fit_calibrations


def _layer() -> LogitCalibration:
    layer = LogitCalibration()
    layer.build((None,))
    return layer


def _chances(layer: LogitCalibration, logits: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(layer(np.asarray(logits, "float32")), np.float64)))


def _outcomes(logits: Any, slope: float, offset: float) -> Any:
    """What happens where the true logit is a slope and an offset away."""
    random = np.random.default_rng(0)
    return (random.random(len(logits)) < 1 / (1 + np.exp(-(slope * logits + offset)))).astype(float)


def test_platt_finds_slope_and_offset() -> None:
    logits = np.random.default_rng(1).normal(size=200_000) * 2
    layer = _layer()
    assert fit_calibration(layer, "platt", logits, _outcomes(logits, 0.5, -1.0))
    np.testing.assert_allclose(layer(np.float32([-4.0, 0.0, 6.0])), [-3.0, -1.0, 2.0], atol=0.05)


def test_isotonic_finds_the_rates() -> None:
    logits = np.repeat(np.linspace(-2, 2, 20), 5_000)
    true = np.repeat(np.linspace(0.05, 0.9, 20) ** 2, 5_000)
    labels = (np.random.default_rng(2).random(len(true)) < true).astype(float)
    layer = _layer()
    assert fit_calibration(layer, "isotonic", logits, labels)
    np.testing.assert_allclose(_chances(layer, np.linspace(-2, 2, 20)), np.linspace(0.05, 0.9, 20) ** 2, atol=0.02)


@given(slope=st.floats(0.3, 2.0), offset=st.floats(-1, 1), seed=st.integers(0, 100))
def test_sums_become_right_and_the_order_stays(slope: float, offset: float, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=5_000)
    labels = _outcomes(logits, slope, offset)
    rising = np.sort(logits).astype("float32")
    for method, allowed in (("platt", 0.005), ("isotonic", 0.03)):
        layer = _layer()
        assert fit_calibration(layer, method, logits, labels)
        assert _chances(layer, logits).sum() == pytest.approx(labels.sum(), rel=allowed)
        assert (np.diff(np.asarray(layer(rising))) >= 0).all()


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_share_of_the_negatives_calibrates_for_the_whole_log(method: Any) -> None:
    # The model says 0.7 too little, and of the negatives a tenth is there.
    random = np.random.default_rng(3)
    logits = random.normal(size=200_000) - 2
    labels = _outcomes(logits, 1.0, 0.7)
    kept = (labels > 0) | (random.random(len(labels)) < 0.1)
    there = 1 / (1 + np.exp(-(logits[kept] - np.log(0.1))))
    outcome = Outcome(np.ones(kept.sum(), bool), labels[kept].astype("float32"), there.astype("float32"))
    layer = _layer()
    fit_calibrations({"ctr": layer}, method, {"ctr": outcome}, {"ctr": np.log(0.1)})
    np.testing.assert_allclose(layer(np.float32([-3.0, -2.0, -1.0])), [-2.3, -1.3, -0.3], atol=0.1)
    assert _chances(layer, logits).sum() == pytest.approx(labels.sum(), rel=0.02)


def test_what_gives_no_rising_function_leaves_it_as_it_was() -> None:
    logits = np.linspace(-2, 2, 1_000)
    few, turned = (np.arange(1_000) < 49).astype(float), (logits < 0).astype(float)
    for labels in (few, 1 - few, turned):
        for method in ("platt", "isotonic"):
            layer = _layer()
            assert not fit_calibration(layer, method, logits, labels)
            assert _chances(layer, [0.0]) == 0.5


def test_a_run_is_calibrated_from_training_to_export(every_kind_dataset: Dataset, tmp_path: Any) -> None:
    said = io.StringIO()
    settings = ("training.epochs=1", "model.calibration=platt")
    loop = create(every_kind_dataset, tmp_path / "run", *settings, console=Console(file=said, width=300))
    loop.train()
    assert re.search(r"calibration of `click` \(platt\), .* on validation: \d\.\d+ -> 1\.00\d", said.getvalue())
    # A run that was stopped after its last epoch comes to the same.
    points = [weight.numpy() for weight in loop.trainable.model.ranker.calibrations["click"].points.values()]
    loop.trainable.calibrate()
    again = [weight.numpy() for weight in loop.trainable.model.ranker.calibrations["click"].points.values()]
    for ours, theirs in zip(points, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)

    run = RankerRun.open(tmp_path / "run")
    predictions = Predictor(run.model(), every_kind_dataset).predict("validation")
    result = evaluate(predictions, "validation")
    assert result.metrics["click"]["calibration"] == pytest.approx(1, abs=0.01)
    before = result.uncalibrated.metrics["click"]["calibration"]
    assert abs(before - 1) > 0.02  # There was something to mend.
    without = evaluate(replace(predictions, outcomes=predictions.uncalibrated), "validation")
    assert result.metrics["click"]["auc"] == pytest.approx(without.metrics["click"]["auc"], abs=1e-4)
    assert result.uncalibrated.groups.keys() == result.groups.keys()
    assert EvaluationResult.from_json(result.to_json()).uncalibrated == result.uncalibrated
    shown = io.StringIO()
    Console(file=shown, width=80).print(calibration_table(result))
    assert f"{before:.3f} -> {result.metrics['click']['calibration']:.3f}" in shown.getvalue()
    # Each signature was held against the trained model's calibrated answers in a fresh process.
    served = export(run, tmp_path / "base")
    assert max(served.differences["serving_default"].values()) < 1e-5
