"""What a run is measured on."""

from __future__ import annotations

from collections.abc import Callable

from tfelc.core.errors import DataError, RunError
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.in_catalog import in_catalog
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sources import load_sequences
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.training_actions import TrainingActions
from tfelc.next_item.run import NextItemRun, refuse_unmeasured, split

Notice = Callable[[str], None]


def measured(
    run: NextItemRun,
    split_name: str,
    source: str | None = None,
    notice: Notice = lambda text: None,
    csv_delimiter: str | None = None,
) -> tuple[Examples, TrainingActions | None]:
    """The users of a split, of the run's own sequences or of others, and what training saw of the items.

    Args:
        run: NextItemRun. The run.
        split_name: str. `validation` or `test`.
        source: str. Where the sequences are: the name of a data set, or what names files. Others than the run's
            are not filtered; what the catalog lacks is left out of them. Defaults to None: where the run's were.
        notice: Callable. Called with a line for the user where something is left out.
        csv_delimiter: str. What separates the columns of CSV files. Defaults to None: what did in training.

    Returns:
        The examples; and the training actions, None where others are measured and the run's own sequences are gone
        or have changed, which is then said.

    Raises:
        UsageError: The split is neither.
        RunError: The run's own sequences have changed since.
        DataError: They cannot be read, or hold no item of the catalog.
    """
    refuse_unmeasured(split_name)
    try:
        own = run.sequences(source, csv_delimiter)
    except RunError:
        if source is None:
            raise
        splits = _split(run, _others(run, source, notice, csv_delimiter), split_name)
        training = _training_actions(run, notice)
    else:
        splits = _split(run, own, split_name)
        training = TrainingActions.of(splits.train, own.num_items)
    examples: Examples = getattr(splits, split_name)
    return examples, training


def _split(run: NextItemRun, sequences: Sequences, needed: str) -> SequenceSplits:
    return split(sequences, run.settings.split, [needed])


def _training_actions(run: NextItemRun, notice: Notice) -> TrainingActions | None:
    try:
        own = run.sequences()
    except (RunError, DataError):
        notice(
            f"{run.metadata['data']}: no longer there as the run was trained on it; what is recommended, and the "
            "groups, are not measured"
        )
        return None
    return TrainingActions.of(_split(run, own, "train").train, own.num_items)


def _others(run: NextItemRun, source: str, notice: Notice, csv_delimiter: str | None) -> Sequences:
    others = load_sequences(source, notice, 0, 0, csv_delimiter)
    known = in_catalog(others, run.catalog)
    whole, kept = len(others.actions), len(known.actions)
    notice(
        f"{source}: other data than the run was trained on; {whole - kept:,} of {whole:,} actions are of items "
        "that its catalog lacks, and left out"
    )
    return known
