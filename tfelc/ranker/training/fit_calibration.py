"""Calibrations of logits, fitted to outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tfelc.layers.logit_calibration import LogitCalibration
from tfelc.ranker.evaluation.predictions import Outcome

# Outcomes of either kind below which there is nothing to fit to.
_FEWEST = 50
_ROWS_OF_A_BIN = 50


def fit_calibrations(
    layers: Mapping[str, LogitCalibration],
    method: Literal["platt", "isotonic"],
    outcomes: Mapping[str, Outcome],
    offsets: Mapping[str, float] | None = None,
) -> list[str]:
    """Sets the calibration of each task; returns what to say of it.

    Args:
        layers: Task -> what is set.
        method: As `fit_calibration` takes it.
        outcomes: Task -> what the model says without calibration, and what happened.
        offsets: Task -> how far the logits of the model, and of what is served, lie above those of `outcomes`, whose
            rows are a sample. Defaults to None: nowhere.
    """
    lines = []
    for task, layer in layers.items():
        rows = outcomes[task].rows
        # Of float32; a probability of 1 is as near to it as float32 can tell.
        chances = np.clip(outcomes[task].probabilities[rows].astype(np.float64), 1e-30, 1 - 6e-8)
        labels, logits = outcomes[task].labels[rows].astype(np.float64), logit(chances)
        if fit_calibration(layer, method, logits, labels):
            after = expit(keras.ops.convert_to_numpy(layer(logits.astype(np.float32))))
            ratios = " -> ".join(f"{each.sum() / labels.sum():.3f}" for each in (chances, after))
            layer.move((offsets or {}).get(task, 0.0))
            lines.append(f"calibration of `{task}` ({method}), predicted / observed on validation: {ratios}")
        else:
            lines.append(
                f"calibration of `{task}`: left as it was; the validation split has fewer than {_FEWEST} rows of one "
                "outcome, or higher scores there have lower rates"
            )
    return lines


def fit_calibration(
    layer: LogitCalibration,
    method: Literal["platt", "isotonic"],
    logits: NDArray[np.float64],
    labels: NDArray[np.float64],
) -> bool:
    """Sets a calibration to what happened; a function that would turn the order of rows around is not taken.

    Args:
        layer: LogitCalibration. What is set, built.
        method: `platt`, a slope and an offset; or `isotonic`, bins of equally many rows whose rates are made to rise,
            linear between their means.
        logits: Array. What the model says, `(rows,)`, finite.
        labels: Array. 0 or 1, `(rows,)`.

    Returns:
        Whether it was set: not with fewer than 50 rows of either outcome, or where higher logits have lower rates.

    Example:
        >>> layer = LogitCalibration()
        >>> layer.build((None,))
        >>> logits = np.repeat([-1.0, 1.0], 1000)
        >>> labels = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 300]).astype(float)
        >>> fit_calibration(layer, "platt", logits, labels)
        True
        >>> (1 / (1 + np.exp(-layer(np.float32([-1.0, 1.0])).numpy().astype(float)))).round(2).tolist()
        [0.1, 0.3]

    Source: Platt (1999), with its targets off 0 and 1; Zadrozny and Elkan (KDD 2002), isotonic regression.
    """
    positives = int(labels.sum())
    if min(positives, len(labels) - positives) < _FEWEST:
        return False
    return (_platt if method == "platt" else _isotonic)(layer, logits, labels)


def _platt(layer: LogitCalibration, logits: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    from sklearn.linear_model import LogisticRegression

    positives, negatives = labels.sum(), (1 - labels).sum()
    wanted = np.where(labels > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # A row that is a positive by so much, and a negative by the rest.
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(
        np.tile(logits, 2)[:, None], np.repeat([1, 0], len(logits)), np.concatenate([wanted, 1 - wanted])
    )
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        return False
    layer.set_points([-1.0, 1.0], [offset - slope, offset + slope], (slope, slope))
    return True


def _isotonic(layer: LogitCalibration, logits: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(logits, kind="stable")
    bins = np.array_split(order, max(2, min(layer.knots, len(order) // _ROWS_OF_A_BIN)))
    rows = np.array([len(each) for each in bins], float)
    means = np.array([logits[each].mean() for each in bins])
    # As if each bin had half a row of either outcome more: no rate is 0 or 1, whose logits are endless.
    rates = np.array([(labels[each].sum() + 0.5) / (len(each) + 1) for each in bins])
    rising = isotonic_regression(rates, sample_weight=rows)
    # Bins of one rate are one point, so that rows of different logits keep their order.
    starts = np.flatnonzero(np.r_[True, np.diff(rising) > 0])
    weights = np.add.reduceat(rows, starts)
    x = np.add.reduceat(means * rows, starts) / weights
    kept = np.r_[True, np.diff(x) > 1e-6]
    if kept.sum() < 2:
        return False
    rate = rising[starts][kept]
    layer.set_points(x[kept], np.log(rate / (1 - rate)), (1.0, 1.0))
    return True
