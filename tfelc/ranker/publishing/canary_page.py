"""A canary beside the served version, as a table for the terminal and a page to read."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.box import SIMPLE
from rich.table import Table

from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.publishing.measurements import ALL
from tfelc.lifecycle.report.headline import headline
from tfelc.lifecycle.report.markup import bullets, data_table, note, paragraph, preformatted
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.words import words
from tfelc.ranker.publishing.canary import Arm, Canary

_SAID = {"fulfilled": "fulfilled", "not_fulfilled": "not fulfilled", "too_few_rows": "too few rows"}


def differences_table(found: Canary) -> Table:
    """Each metric of both versions with its interval, over all rows."""
    title = f"95 % intervals over {found.unit}, each drawn with what both versions answered"
    table = Table(title=title, box=SIMPLE)
    for heading in _headings(found):
        table.add_column(heading, justify="right" if heading else "left")
    for cells in _cells(found, groups=False):
        table.add_row(*cells)
    return table


def arm_words(arm: Arm) -> str:
    """What there is of a version, in a sentence."""
    times = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(each)) for each in (arm.first, arm.last) if each]
    when = f", {' to '.join(times)} UTC" if times else ""
    joined = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in arm.joined.items())
    left_out = "".join(f"; {count:,} {reason} left out" for reason, count in arm.left_out.items())
    return f"version {arm.version}: {arm.requests:,} requests with {arm.rows:,} rows{when} ({joined}){left_out}"


def canary_page(found: Canary, command: str) -> str:
    """The page, as HTML that needs nothing else.

    Args:
        found: What was found.
        command: What made it, as it is shown.
    """
    beside = f"version {found.candidate.version} beside version {found.served.version}"
    kept = sum(check.ok for check in found.verdict.checks)
    summary = [
        headline([("rules", _SAID[found.status], beside), ("fulfilled", f"{kept} of {len(found.verdict.checks)}", "")]),
        bullets(found.reasons) if found.reasons else paragraph(f"{found.sentence().capitalize()}."),
    ]
    rules = [(check.rule, "yes" if check.ok else "no", check.found) for check in found.verdict.checks]
    imbalance = [(name, number(index)) for name, index in found.imbalance.items()]
    sections = [
        Section("Rules", [data_table("Rules", ("rule", "fulfilled", "found"), rules, words=True)]),
        Section(
            "Both versions",
            [
                data_table(f"95 % intervals over {found.unit}", _headings(found), [*_cells(found, groups=True)]),
                *(note(f"{arm_words(arm)}.") for arm in (found.served, found.candidate)),
            ],
        ),
        Section("Requests of both", [data_table("Features", ("feature", "index"), imbalance)]),
        words(("AUC", "GAUC", "NE", "calibration", "interval")),
        Section("Origin", [paragraph("This page was made by"), preformatted(command, "Command")]),
    ]
    lead = "What each has answered, by the outcomes of its own requests"
    return render_page(f"Canary: {beside}", lead, summary, sections)


def _headings(found: Canary) -> tuple[str, ...]:
    served, candidate = (f"version {arm.version}" for arm in (found.served, found.candidate))
    return ("", "rows", served, "rows", candidate, "difference")


def _cells(found: Canary, groups: bool) -> Iterator[tuple[str, ...]]:
    for one in found.differences:
        if one.group != ALL and not groups:
            continue
        where = "" if one.group == ALL else f", {one.group}"
        yield (
            f"{one.output} {one.metric}{where}",
            *(f"{one.served_rows:,}", _between(one.served_found)),
            *(f"{one.rows:,}", _between(one.candidate_found)),
            _between(one.found, signed=True),
        )


def _between(found: BootstrapResult, signed: bool = False) -> str:
    low, high = (number(end, signed=signed) for end in (found.low, found.high))
    return f"{number(found.difference, signed=signed)} ({low}, {high})"
