"""The tables of a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.experiments.search.axis import axis_of
from tfelc.experiments.search.means_by_setting import means_by_setting
from tfelc.experiments.search.setting_text import setting_text
from tfelc.experiments.table import Table
from tfelc.lifecycle.report.number_text import number

_SHOWN = 10


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The best trials, the metric by setting, and the trials that failed."""
    trials = result["trials"]
    complete = [trial for trial in trials if trial["state"] == "complete"]
    best = sorted(complete, key=lambda trial: -result["sign"] * trial["value"])[:_SHOWN]
    names = list(result["space"]["settings"])
    rows = [
        [
            str(trial["number"]),
            number(trial["value"]),
            *(setting_text(trial["settings"][name]) for name in names),
            ", ".join(map(str, trial["epochs"])),
        ]
        for trial in best
    ]
    counts = Counter(trial["state"] for trial in trials)
    title = f"best trials of {len(trials)} ({', '.join(f'{count} {state}' for state, count in counts.items())})"
    note = f"validation {result['metric']}, best epoch; the best of many is lucky too: the test split tells"
    found = [Table(title, ["trial", str(result["metric"]), *names, "epochs"], rows, note)]
    if len(complete) > 1:
        found.append(_by_setting(result, complete))
    if failed := [[str(trial["number"]), trial["reason"]] for trial in trials if trial["state"] == "failed"]:
        found.append(Table("failed trials", ["trial", "reason"], failed))
    return found


def _by_setting(result: Mapping[str, Any], complete: Sequence[Mapping[str, Any]]) -> Table:
    values = [trial["value"] for trial in complete]
    rows = [
        [name, each.text, str(each.trials), number(each.mean), number(each.spread)]
        for name, dimension in result["space"]["settings"].items()
        for each in means_by_setting(axis_of(name, dimension, complete), values)
    ]
    note = "complete trials, whose other settings differ too; a range is a fifth of the trials"
    return Table(
        f"{result['metric']} by setting", ["setting", "value", "trials", "mean", "standard deviation"], rows, note
    )
