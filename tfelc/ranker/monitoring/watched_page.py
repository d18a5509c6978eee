"""A window of served requests as a page to read."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tfelc.lifecycle.report.markup import Markup, data_table, note, paragraph, preformatted
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.section import Section
from tfelc.ranker.monitoring.tables import CALIBRATION_HEADINGS, number, output_cells, passed_cells, share
from tfelc.ranker.monitoring.watched import Watched

_WORDS = (
    ("PSI", "population stability index: sum((now - before) x ln(now / before)) over the shares of the bins"),
    ("before", "at the export, on a sample of its validation split"),
    ("unknown", "values that are in no vocabulary of the model, of those that are there"),
    ("ratio", "mean score over mean outcome, on the rows where the output is judged; 1 is right on average"),
)


def watched_page(watched: Watched, command: str) -> str:
    """The page, as HTML that needs nothing else.

    Args:
        watched: What was measured.
        command: What made it, as it is shown.
    """
    sections = [
        Section("Features", [_features(watched)]),
        Section("Scores", [_outputs(watched), *_joined(watched)]),
        Section("Words of this page", [data_table("Terms", ("term", "meaning"), _WORDS, words=True)]),
        Section("Origin", [paragraph("This page was made by"), preformatted(command, "Command")]),
    ]
    lead = f"{watched.model}, version {watched.version}; {window(watched)}"
    return render_page("What is served", lead, _summary(watched), sections)


def window(watched: Watched) -> str:
    """The window in words."""
    times = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(each)) for each in (watched.first, watched.last) if each]
    when = f", {' to '.join(times)} UTC" if times else ""
    left_out = "".join(f"; {count:,} records {reason} left out" for reason, count in watched.left_out.items())
    return f"{watched.requests:,} requests with {watched.rows:,} rows{when}{left_out}"


def _summary(watched: Watched) -> Sequence[Markup]:
    verdict = watched.verdict()
    blocks = [paragraph(f"{verdict[0].upper()}{verdict[1:]}.")]
    if watched.passed:
        header = ("feature or output", "measure", "value", "threshold")
        blocks.append(data_table("Thresholds that are passed", header, map(passed_cells, watched.passed)))
    return blocks


def _features(watched: Watched) -> Markup:
    header = ("feature", "PSI", "missing", "missing before", "unknown", "unknown before")
    rows = [
        [
            name,
            number(each.psi),
            *(share(value) for value in (each.missing, each.missing_before, each.unknown, each.unknown_before)),
        ]
        for name, each in watched.worst_first()
    ]
    return data_table("Features against the export", header, rows)


def _outputs(watched: Watched) -> Markup:
    rows = [[name, *output_cells(watched, name)] for name in watched.outputs]
    return data_table("Scores", ("output", *CALIBRATION_HEADINGS), rows)


def _joined(watched: Watched) -> Sequence[Markup]:
    if watched.outcomes is None:
        return [note("No outcomes were given, so nothing is known of the calibration.")]
    said = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in watched.outcomes.items())
    return [note(f"Rows and outcomes: {said}.")]
