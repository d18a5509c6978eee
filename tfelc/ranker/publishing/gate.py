"""A run's export at the gate: measured, judged, and published or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import DataError, UsageError
from tfelc.core.json_text import json_text
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.export.versions import candidate_base, list_versions, take_version
from tfelc.lifecycle.publishing.rollback import VERDICT_FILE
from tfelc.lifecycle.publishing.rules import PublishRules
from tfelc.lifecycle.publishing.served_label import ServedLabel
from tfelc.lifecycle.publishing.verdict import Check, Verdict, judge
from tfelc.ranker.export.exporter import export
from tfelc.ranker.export.quantized_rows import RowsFormat
from tfelc.ranker.publishing.measure import measure
from tfelc.ranker.run import RankerRun
from tfelc.ranker.scoring.exported_ranker import ExportedRanker


@dataclass(frozen=True)
class GateResult:
    """What became of a candidate.

    Attributes:
        verdict: The verdict.
        version: Its number; None where it is refused.
    """

    verdict: Verdict
    version: int | None


def publish_run(
    run: RankerRun,
    label: ServedLabel,
    dataset: Dataset,
    rules: PublishRules,
    split: str = "test",
    progress: Callable[[str], None] = lambda step: None,
    tables: RowsFormat | None = None,
) -> GateResult:
    """Exports a run, holds the rules against it, and has the label name it where it fulfills them.

    The candidate is exported and verified where no server sees it. Once it is blessed, its folder takes the name of the
    next version, with the verdict in it, and then the label moves. A refused one is removed.

    The version beside which it is measured is the one that the label names; where it names none, the latest one. Where
    there is no version at all, the rules that concern the candidate alone decide. Where the label names a version whose
    folder is gone, or where the two cannot be judged on the same rows, the candidate is refused.

    Args:
        run: The run.
        label: The label of the served version.
        dataset: What both are judged on.
        rules: The rules.
        split: The dataset's split. Defaults to `test`.
        progress: Called with the name of each step.
        tables: What the embedding tables are served in, and judged with. Defaults to None: as trained, in float32.

    Raises:
        ExportError: The base folder cannot be written to, or the export does not answer as the run does.
        DataError: The data lacks a column of the run.
        UsageError: The file of the label would let the served version go before the label has moved.
    """
    versions = list_versions(label.base)
    named = label.version()
    served = named if named is not None else max(versions, default=None)
    if served is not None:
        if served not in versions:
            return GateResult(_missing(label, served), None)
        if named is not None:
            label.refuse_unloaded(served, arriving=1)
    dataset.check(run.schema)
    with candidate_base(label.base) as base:
        exported = export(run, base, progress, tables)
        verdict = _judged(exported.path, label.base, served, dataset, split, rules, progress)
        if not verdict.published:
            return GateResult(verdict, None)
        write_text(exported.path / VERDICT_FILE, json_text(verdict.to_json()) + "\n")
        version = take_version(exported.path, label.base)
    label.move(version, served)
    return GateResult(verdict, version)


def _judged(
    candidate: Path,
    base: Path,
    served: int | None,
    dataset: Dataset,
    split: str,
    rules: PublishRules,
    progress: Callable[[str], None],
) -> Verdict:
    mine = ExportedRanker(candidate)
    theirs = None if served is None else ExportedRanker(base / str(served))
    try:
        try:
            if theirs is not None:
                dataset.check(theirs.schema, f"version {served}'s schema")
            measured = measure(mine, theirs, dataset, split, rules.replicates, progress)
        except (DataError, UsageError) as error:
            return Verdict(served, [Check("judged on the same rows as the served version", False, str(error))], None)
        return judge(rules, measured, served)
    finally:
        for one in (mine, theirs):
            if one is not None and "runner" in vars(one):
                one.runner.close()


def _missing(label: ServedLabel, served: int) -> Verdict:
    found = (
        f"{label.base / str(served)} is gone, which `{label.label}` names; put it back, or have the label name a "
        "version that is there"
    )
    return Verdict(served, [Check("measured beside the served version", False, found)], None)
