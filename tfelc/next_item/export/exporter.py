"""A trained next-item run -> a verified version for TensorFlow Serving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.publish import publish
from tfelc.lifecycle.export.request_log import LoggedRequest
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.export.verify import Differences
from tfelc.next_item.export.conditions import Conditions
from tfelc.next_item.export.recommender_manifest import RecommenderManifest
from tfelc.next_item.export.requests import (
    condition_inputs,
    example_conditions,
    hard_histories,
    history_input,
    real_histories,
)
from tfelc.next_item.export.serving_module import RecommenderModule
from tfelc.next_item.export.signatures import EMBED, RECOMMEND, RECOMMEND_WITH, K
from tfelc.next_item.export.top_k_index import IndexKind
from tfelc.next_item.export.trained_answers import Histories, TrainedRecommender
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import NextItemRun, split

# Histories that are verified, fewer where their scores would take more memory than this many numbers.
_ROWS = 256
_SCORES = 2**23
_WARM_K = 10
# More than one, so that a session that keeps the first one's shape is found out.
_VERIFIED_K = (1, 20, 100)


@dataclass(frozen=True)
class RecommenderExport:
    """A published version.

    Attributes:
        version: Its number.
        path: Its folder.
        manifest: What it says of itself.
        differences: Signature -> output -> largest difference from the trained model's answers.
        histories: The test histories that it was verified with, as raw item ids.
    """

    version: int
    path: Path
    manifest: RecommenderManifest
    differences: Differences
    histories: Histories


def export_recommender(
    run: NextItemRun,
    base: Path,
    index: IndexKind = "brute_force",
    progress: Callable[[str], None] = lambda step: None,
    catalog_table: str | None = None,
) -> RecommenderExport:
    """Exports a run's best weights as the next version under `base`.

    The version appears once a fresh process has answered every signature as the trained model does, on histories of the
    test split and on broken ones. The sequences that the run was trained on must be there: they say what is popular.

    Args:
        run: The run.
        base: The model's base folder.
        index: Kind of the top-K index. Defaults to `brute_force`.
        progress: Called with the name of each step.
        catalog_table: What names the table of the items' attributes today. Defaults to None: that of training.

    Raises:
        UsageError: There is a table, and the run knows no attributes.
        RunError: The folder is no run, is damaged, or its sequences have changed.
        DataError: Its sequences are gone, or the table cannot be read.
        ExportError: `streaming` does not go with the model's neighbors, an item's id cannot be served, `base` cannot
            be written to, or an answer differs. Nothing is left behind.
    """
    progress("loading the run")
    # On the CPU, where the verification computes too: a GPU rounds matrix products to fewer bits.
    with tf.device("/CPU:0"):
        model = run.model()
    if index == "streaming" and model.neighbors is not None:
        raise _not_streamed(run)
    attributes = run.attributes if catalog_table is None else run.attributes_of(catalog_table)
    manifest = RecommenderManifest.of(model, run.catalog, run.settings, run.metadata, index, attributes)
    progress("counting what is popular")
    rows = int(np.clip(_SCORES // manifest.items, 2, _ROWS))
    popularity, histories = popularity_and_histories(run, rows)

    def answered() -> Iterator[LoggedRequest]:
        trained = TrainedRecommender(model, run.catalog, popularity, attributes, run.settings.repeats)
        hard = hard_histories(run.catalog, manifest.id_type, manifest.max_length)
        for asked in (histories[:1], histories, histories[:2], hard):
            yield from _requests(trained, asked, manifest)

    def made(file: Path) -> RecommenderModule:
        with tf.device("/CPU:0"):
            return RecommenderModule(model, run.catalog, popularity, index, file, attributes, run.settings.repeats)

    published = publish(base, manifest, made, _warmup(histories, manifest), answered, progress)
    return RecommenderExport(published.version, published.path, manifest, published.differences, histories)


def _not_streamed(run: NextItemRun) -> ExportError:
    return ExportError(
        f"{run.path}: a model with neighbors scores the whole catalog at once; export it by `index` "
        "brute_force, or train it with model.neighbors.weight=0",
        ["index"],
    )


def popularity_and_histories(run: NextItemRun, count: int) -> tuple[npt.NDArray[np.float32], list[list[int | str]]]:
    """How often each item occurs in a run's training split, `(items,)`, and histories of its test split.

    Args:
        run: The run.
        count: Histories at most; they are spread over the split.
    """
    sequences = run.sequences()
    splits = split(sequences, run.settings.split)
    popularity = Popularity(sequences.num_items).fit(splits.train).scores(splits.test.take(slice(0, 1)))[0, 1:]
    size = len(splits.test)
    chosen = splits.test.take(np.linspace(0, size - 1, min(count, size)).astype(np.int64))
    return popularity, real_histories(sequences, chosen.actions, chosen.starts, chosen.stops)


def _warmup(histories: Histories, manifest: RecommenderManifest) -> list[LoggedRequest]:
    requests = []
    for rows in (histories[:1], histories):
        inputs = history_input(rows, manifest.id_type)
        # One `k` a row: a server that joins requests into batches refuses one for all, and with it the version.
        ranked = {**inputs, K: np.full(len(rows), _WARM_K, np.int64)}
        requests += [LoggedRequest(signature, ranked) for signature in (SERVING_DEFAULT, RECOMMEND)]
        given = condition_inputs(Conditions(), len(rows), manifest.id_type, manifest.attributes)
        requests.append(LoggedRequest(RECOMMEND_WITH, {**ranked, **given}))
        requests.append(LoggedRequest(EMBED, inputs))
    return requests


def _requests(
    trained: TrainedRecommender, histories: Histories, manifest: RecommenderManifest
) -> Iterator[LoggedRequest]:
    """Requests to every signature, with what the trained model answers."""
    some = example_conditions(trained.catalog, len(histories), manifest.id_type, trained.attributes)
    plain: list[tuple[str, int | None, Conditions | None]] = [(RECOMMEND, k, None) for k in _VERIFIED_K]
    asked = [*plain, (SERVING_DEFAULT, _WARM_K, None), (EMBED, None, None)]
    for signature, k, conditions in [*asked, *((RECOMMEND_WITH, _WARM_K, each) for each in some)]:
        answers, tied = trained.embed(histories) if k is None else trained.recommend(histories, k, conditions)
        # Apart, those of which two answers are right, since what decides are the last bits.
        for unsure in (False, True):
            chosen = np.flatnonzero(tied == unsure).tolist()
            if not chosen:
                continue
            inputs = history_input([histories[row] for row in chosen], manifest.id_type)
            if k is not None:
                inputs[K] = np.array(k, np.int64)
            if conditions is not None:
                taken = conditions.take(chosen)
                inputs |= condition_inputs(taken, len(chosen), manifest.id_type, manifest.attributes)
            left_out = ("ids", "cluster") if unsure else ()
            expected = {name: array[chosen] for name, array in answers.items() if name not in left_out}
            yield LoggedRequest(signature, inputs, expected)
