"""The tables of a comparison day by day."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.daily.days import INCREMENTAL, RETRAINED, YESTERDAY
from tfelc.experiments.figures import interval_text, signed
from tfelc.experiments.table import Table
from tfelc.lifecycle.report.number_text import number

_NOTE = "Each model is judged on all rows of the day after. In brackets the 95 % interval of the difference."


def tables(result: Mapping[str, Any]) -> list[Table]:
    """For each output the AUC of the models of each day; then what a day's training took."""
    days = result["days"]
    found = []
    for output in days[0]["auc"][INCREMENTAL]:
        rows = []
        for day in days:
            aucs = [number(day["auc"].get(name, {}).get(output)) for name in (INCREMENTAL, RETRAINED, YESTERDAY)]
            lifts = [
                interval_text(day["differences"].get(name, {}).get(output), signed) for name in (RETRAINED, YESTERDAY)
            ]
            rows.append([str(day["day"]), *aucs, *lifts])
        headings = ["day", INCREMENTAL, RETRAINED, YESTERDAY, f"minus {RETRAINED}", f"minus {YESTERDAY}"]
        found.append(Table(f"{output}: AUC", headings, rows, _NOTE))
    costs = [
        [
            str(day["day"]),
            *(f"{day['rows'][name]:,}" for name in (INCREMENTAL, RETRAINED)),
            "; ".join(
                f"{name} +{change['admitted']:,} -{change['evicted']:,}"
                for name, change in day["vocabularies"].items()
                if change["admitted"] or change["evicted"]
            ),
        ]
        for day in days
    ]
    headings = ["day", f"rows, {INCREMENTAL}", f"rows, {RETRAINED}", "values that came and went"]
    return [*found, Table("What a day's training read", headings, costs)]
