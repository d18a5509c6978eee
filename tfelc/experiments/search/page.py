"""A search as one page to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml

from tfelc.experiments.search.axis import axis_of
from tfelc.experiments.search.history_picture import history_picture
from tfelc.experiments.search.importance_picture import importance_picture
from tfelc.experiments.search.parallel_coordinates import parallel_coordinates
from tfelc.experiments.search.setting_curves import setting_curves
from tfelc.experiments.search.tables import tables
from tfelc.lifecycle.report.headline import headline
from tfelc.lifecycle.report.markup import data_table, paragraph, preformatted
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.section import Section


def page(result: Mapping[str, Any], best_settings: str) -> str:
    """The page of a result, which needs nothing else.

    Args:
        result: The content of the result file, with `title`.
        best_settings: The settings of the best trial, as YAML.

    Returns:
        HTML.
    """
    metric, sign, trials = result["metric"], result["sign"], result["trials"]
    with_value = [trial for trial in trials if trial["value"] is not None]
    complete = [trial for trial in with_value if trial["state"] == "complete"]
    axes = [axis_of(name, dimension, complete) for name, dimension in result["space"]["settings"].items()]
    values = [trial["value"] for trial in complete]
    best = trials[result["best"] - 1]
    counts = Counter(trial["state"] for trial in trials)
    lead = f"{len(trials)} trials: {', '.join(f'{count} {state}' for state, count in counts.items())}"
    middle = sorted(values)[len(values) // 2]
    summary = [
        headline(
            [
                (f"best validation {metric}", number(best["value"]), f"trial {best['number']}"),
                ("trial in the middle", number(middle), "of the complete ones, by the same metric"),
            ]
        ),
        paragraph(
            "Trials are compared on the validation split. The best of many is lucky too: train with the settings "
            "below, and the test split tells what they are worth."
        ),
    ]
    best_ones, *others = [data_table(each.title, each.headings, each.rows, words=True) for each in tables(result)]
    by_setting = others[:1] if len(complete) > 1 else []
    sections = [
        Section("Best trials", [best_ones, *others[len(by_setting) :]]),
        Section("History", [history_picture(with_value, metric, sign)]),
        Section("Importance of the settings", [importance_picture(result["importance"])]),
        Section("Metric by setting", [setting_curves(axes, values, metric), *by_setting]),
        Section("Trials side by side", [parallel_coordinates(axes, values, metric, sign)]),
        _origin(result, best_settings),
    ]
    return render_page(result["title"], lead, summary, sections)


def _origin(result: Mapping[str, Any], best_settings: str) -> Section:
    blocks = [
        paragraph("This search was made by"),
        preformatted(result["command"], "Command"),
        paragraph(f"on data with the hash {result['data_hash'][:12]} ..., over the space"),
        preformatted(yaml.safe_dump(result["space"], sort_keys=False), "Space"),
        paragraph("Settings of the best trial:"),
        preformatted(best_settings, "Settings"),
    ]
    return Section("Settings and origin", blocks)
