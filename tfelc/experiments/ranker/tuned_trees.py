"""LightGBM on the same columns, tuned on the validation split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tfelc.core.errors import DataError, RunError, UsageError
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import gauc
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable

# Trees are added until the validation split has not gained by so many.
_MOST_TREES, _PATIENCE = 1000, 50
_SEED = 0
# By which the search begins: LightGBM's own settings, but for lambda_l2, which is 0 there.
_DEFAULTS = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 1.0,
    "bagging_fraction": 1.0,
    "lambda_l2": 1e-3,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
}
_FIXED = {
    "verbosity": -1,
    "seed": _SEED,
    "deterministic": True,
    "force_row_wise": True,
    "bagging_freq": 1,
    "eval_at": 10,
}


def tuned_trees(
    train: FlatTable,
    validation: FlatTable,
    output: str,
    objective: Literal["binary", "lambdarank"],
    trials: int,
    progress: Callable[[], object] = lambda: None,
) -> Fitted:
    """Searches for settings by Optuna's tree-structured Parzen estimator; what is returned scores all rows of a table.

    `binary` is tuned by the AUC of the validation rows; `lambdarank`, which orders the rows of each user, by their
    GAUC, and its scores, within (0, 1) by a sigmoid, say nothing across users. Categories go in as such.

    Args:
        train: What to learn from, with `users`.
        validation: What the settings and the number of trees are chosen by.
        output: A binary task or a joint output.
        objective: LightGBM's name of what is learned.
        trials: Settings that are tried.
        progress: Called after each.

    Raises:
        DataError: The validation rows cannot tell trees apart.
        RunError: LightGBM refuses the rows.
    """
    import optuna
    from lightgbm.basic import LightGBMError

    search = _Search(train, validation, output, objective, progress)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=_SEED))
    study.enqueue_trial(_DEFAULTS)
    try:
        study.optimize(search.tried, n_trials=trials)
    except LightGBMError as error:
        raise RunError(f"LightGBM's {objective} of `{output}`: {error}") from None
    if not search.has_found:
        within = " of any user" if objective == "lambdarank" else ""
        raise DataError(f"`{output}`: the validation rows{within} do not have both outcomes, by which trees are tuned")
    return search.predict


def check_installed() -> None:
    """Raises UsageError where LightGBM or Optuna is not installed, or cannot be loaded."""
    try:
        import lightgbm  # noqa: F401
        import optuna  # noqa: F401
    except ImportError:
        raise UsageError("tuned trees need LightGBM and Optuna: pip install 'tfelc[trees]'") from None
    except OSError as error:  # Its wheels take the system's OpenMP, which a small image may lack.
        raise UsageError(f"LightGBM cannot be loaded: {error}; on Debian, install libgomp1") from None


class _Search:
    """Trees of one output, and the best of them."""

    def __init__(
        self, train: FlatTable, validation: FlatTable, output: str, objective: str, progress: Callable[[], object]
    ) -> None:
        import lightgbm

        self._lightgbm = lightgbm
        self._of_users = objective == "lambdarank"
        own, self._judged = (_rows(table, output, self._of_users) for table in (train, validation))
        numbers = train.numbers.shape[1]
        categories = list(range(numbers, numbers + train.codes.shape[1]))
        # Made once for all trials: unless told, LightGBM leaves out what the first one's smallest leaf has no use for.
        params = {**_FIXED, "feature_pre_filter": False}
        self._data, self._known = (
            lightgbm.Dataset(rows.inputs, rows.labels, weight=rows.weights, group=rows.groups, params=params)
            for rows in (own, self._judged)
        )
        self._data.set_categorical_feature(categories)
        self._known.set_reference(self._data)
        self._fixed = {**_FIXED, "objective": objective, "metric": "ndcg" if self._of_users else "auc"}
        self._progress = progress
        self._best: tuple[float, Any] = (-np.inf, None)

    @property
    def has_found(self) -> bool:
        """Whether some trees could be judged."""
        return self._best[1] is not None

    def tried(self, trial: Any) -> float:
        """What trees with the settings of a trial reach on the validation rows."""
        judged = self._judged
        model = self._lightgbm.train(
            {**_drawn(trial), **self._fixed},
            self._data,
            _MOST_TREES,
            valid_sets=[self._known],
            callbacks=[self._lightgbm.early_stopping(_PATIENCE, verbose=False)],
        )
        scores = model.predict(judged.inputs)
        of_users = self._of_users
        reached = gauc(judged.labels, scores, judged.users).value if of_users else auc(judged.labels, scores)
        if reached > self._best[0]:
            self._best = (reached, model)
        self._progress()
        return reached

    def predict(self, table: FlatTable) -> NDArray[np.float64]:
        """What the best trees say of all rows of a table."""
        found: NDArray[np.float64] = self._best[1].predict(table.inputs)
        return expit(found) if self._of_users else found


class _Rows(NamedTuple):
    """The rows of one output: those of one user together, and how many each has, where they are compared."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32] | None
    users: NDArray[np.int64]
    groups: NDArray[np.int64] | None


def _rows(table: FlatTable, output: str, of_users: bool) -> _Rows:
    rows, labels = table.outcomes[output]
    users = np.zeros(len(rows), np.int64) if table.users is None else table.users
    places = np.flatnonzero(rows & (users >= 0)) if of_users else np.flatnonzero(rows)
    if of_users:
        places = places[np.argsort(users[places], kind="stable")]
    weights = table.weights[output][places] if output in table.weights else None
    groups = np.unique(users[places], return_counts=True)[1] if of_users else None
    return _Rows(table.inputs[places], labels[places], weights, users[places], groups)


def _drawn(asked: Any) -> dict[str, float]:
    return {
        "learning_rate": asked.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "num_leaves": asked.suggest_int("num_leaves", 7, 255, log=True),
        "min_data_in_leaf": asked.suggest_int("min_data_in_leaf", 10, 500, log=True),
        "feature_fraction": asked.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": asked.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": asked.suggest_float("lambda_l2", 1e-3, 100.0, log=True),
        "cat_smooth": asked.suggest_float("cat_smooth", 1.0, 300.0, log=True),
        "cat_l2": asked.suggest_float("cat_l2", 1.0, 300.0, log=True),
    }
