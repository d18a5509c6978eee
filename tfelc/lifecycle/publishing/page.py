"""The verdict as a page."""

from __future__ import annotations

from tfelc.lifecycle.publishing.measurements import ALL
from tfelc.lifecycle.publishing.verdict import Verdict
from tfelc.lifecycle.report.headline import headline
from tfelc.lifecycle.report.markup import Markup, bullets, data_table, note, paragraph, preformatted
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.words import words


def verdict_page(verdict: Verdict, name: str, data_hash: str, command: str) -> str:
    """The page of a verdict.

    Args:
        verdict: The verdict.
        name: What the candidate is called.
        data_hash: The hash of the data that it was judged on.
        command: What made the page.
    """
    beside = "nothing was served" if verdict.served is None else f"beside version {verdict.served}"
    refused = len(verdict.reasons)
    said = "published" if verdict.published else "refused"
    summary = [
        headline(
            [
                ("verdict", said, beside),
                ("rules", f"{len(verdict.checks) - refused} of {len(verdict.checks)}", "fulfilled"),
            ]
        ),
        bullets(verdict.reasons) if refused else paragraph("Every rule is fulfilled."),
    ]
    rules = data_table(
        "Rules",
        ("rule", "fulfilled", "found"),
        [(check.rule, "yes" if check.ok else "no", check.found) for check in verdict.checks],
        words=True,
    )
    sections = [
        Section("Rules", [rules]),
        Section("Beside the served version", [_differences(verdict)]),
        words(("AUC", "GAUC", "NE", "calibration", "interval")),
        Section(
            "Origin",
            [
                paragraph("This page was made by"),
                preformatted(command, "Command"),
                paragraph(
                    f"and measured on data with the hash {data_hash[:12]} ..., by the signatures of the exports."
                ),
            ],
        ),
    ]
    return render_page(f"{name}: {said}", f"A candidate at the gate, {beside}", summary, sections)


def _differences(verdict: Verdict) -> Markup:
    found = verdict.measurements.differences if verdict.measurements else ()
    if not found:
        return note("No version was measured beside the candidate.")
    rows = [
        (
            f"{one.output} {one.metric}{'' if one.group == ALL else f', {one.group}'}",
            f"{one.rows:,}",
            number(one.served),
            number(one.candidate),
            f"{number(one.found.difference, signed=True)} ({number(one.found.low, signed=True)}, "
            f"{number(one.found.high, signed=True)})",
        )
        for one in found
    ]
    return data_table("Candidate and served version", ("", "rows", "served", "candidate", "difference"), rows)
