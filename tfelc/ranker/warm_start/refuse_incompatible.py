"""What a training must share with the run that it starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfelc.core.errors import UsageError
from tfelc.core.settings import flat
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.schema.schema import Schema

# What may change of a column, a table and the model's settings; the rest says what the weights mean.
_FREE_OF_COLUMNS = (
    *("default", "max_length", "description", "source"),
    *("true_values", "false_values", "null_values", "separator", "timezone"),
)
_FREE_OF_MODEL = (
    *("min_count", "embedding_dropout", "architecture.dropout", "towers.dropout"),
    *("clusters.alpha", "clusters.objective", "clusters.temperature", "clusters.initialization"),
)


def refuse_incompatible(run: RankerRun, schema: Schema, tasks: Sequence[str], settings: RankerSettings) -> None:
    """Raises UsageError where the weights of a run would not mean the same in another training.

    Args:
        run: The run that is started from.
        schema: The schema of today. It may have further columns, tasks and values.
        tasks: The tasks of today, those of the run among them.
        settings: The settings of today.
    """
    for fault in (
        *_columns(run, schema),
        *_tables(run, schema),
        *_sequences(run, schema),
        *_tasks(run, schema, tasks),
        *_order(run, tasks, settings),
        *_settings(run, settings),
    ):
        raise UsageError(f"`warm_start`: {run.path} {fault}, or train without it", ["warm_start"])


def _columns(run: RankerRun, schema: Schema) -> Iterator[str]:
    for name, before in run.schema.trained_on.items():
        now = schema.trained_on.get(name)
        if now is None:
            yield f"has the feature `{name}`, which schema `{schema.name}` lacks; put it back"
            continue
        was, found = before.model_dump(), now.model_dump()
        for key, value in was.items():
            if key not in _FREE_OF_COLUMNS and found[key] != value:
                yield f"has column `{name}` with `{key}: {value}`, not `{found[key]}`; give the new one another name"


def _tables(run: RankerRun, schema: Schema) -> Iterator[str]:
    columns = [name for name, column in run.schema.trained_on.items() if column.kind != "number"]
    for name, before in dict(run.schema.table_of(column) for column in columns).items():
        now = dict(schema.table_of(column) for column in columns).get(name, before)
        for key in ("hash_buckets", "dim"):
            was, found = getattr(before, key), getattr(now, key)
            if was != found:
                yield f"has table `{name}` with `{key}: {was}`, not `{found}`; set it back"
        if (before.values is None) != (now.values is None):
            yield f"has table `{name}` {'without' if before.values is None else 'with'} `values`; set it back"
        elif lost := sorted(map(str, set(before.values or ()) - set(now.values or ()))):
            yield f"has the value {lost[0]!r} in table `{name}`; put it back into `values`"


def _sequences(run: RankerRun, schema: Schema) -> Iterator[str]:
    for name, before in run.schema.sequences.items():
        if schema.sequences.get(name) != before:
            yield f"has sequence `{name}` of {', '.join(before.columns)} with `pooling: {before.pooling}`; set it back"
    for name, now in schema.sequences.items():
        if name not in run.schema.sequences and (known := [each for each in now.columns if each in run.schema.columns]):
            yield f"has `{known[0]}` in no sequence; leave it out of `{name}`"


def _tasks(run: RankerRun, schema: Schema, tasks: Sequence[str]) -> Iterator[str]:
    for name in run.metadata["tasks"]:
        if name not in tasks:
            yield f"predicts `{name}`, which is none of `tasks`; name it too"
            continue
        was, now = run.schema.tasks[name], schema.tasks[name]
        for key in ("label", "conditioned_on", "kind", "loss", "scale", "levels"):
            if getattr(was, key) != getattr(now, key):
                yield (
                    f"has task `{name}` with `{key}: {getattr(was, key)}`, not `{getattr(now, key)}`; give the new one "
                    "another name"
                )


def _order(run: RankerRun, tasks: Sequence[str], settings: RankerSettings) -> Iterator[str]:
    before = list(run.metadata["tasks"])
    if settings.model.architecture.is_chain and list(tasks)[: len(before)] != before:
        yield f"has its tasks in a chain, {', '.join(before)}; name those first, in that order"


def _settings(run: RankerRun, settings: RankerSettings) -> Iterator[str]:
    was, now = (flat(one.model.to_dict()) for one in (run.settings, settings))
    for key in {**was, **now}:
        if key not in _FREE_OF_MODEL and was.get(key) != now.get(key):
            yield f"has model.{key}={was.get(key)}, not {now.get(key)}; leave that setting out"
    kept = settings.warm_start.optimizer == "keep"
    for key in ("name", "tables"):
        before, found = getattr(run.settings.optimizer, key), getattr(settings.optimizer, key)
        if kept and before != found:
            yield f"has optimizer.{key}={before}, whose state {found} cannot keep; set warm_start.optimizer=drop"
