"""What a prepared dataset holds, in the words of `tfelc prepare`."""

from pathlib import Path
from typing import Any


def report_dataset(out: Path) -> None:
    """Prints a table of the splits, and a line for each thing to know of them.

    Args:
        out: The folder.
    """
    from rich.console import Console
    from rich.table import Table

    from tfelc.data.dataset import Dataset
    from tfelc.data.delays.delay_lines import delay_lines
    from tfelc.data.negative_sampling import SAMPLED_NEGATIVES, sampling_line

    dataset = Dataset(out)
    manifest = dataset.manifest
    labels = list(dict.fromkeys(label for rates in manifest.label_rates.values() for label in rates))
    values = dataset.schema.of_kind("value")
    headings = (f"mean {label}" if label in values else f"{label} rate" for label in labels)
    table = Table("split", "rows", *headings, title=manifest.source)
    for column in table.columns[1:]:
        column.justify = "right"
    for split, rows in manifest.rows.items():
        rates = [manifest.label_rates[split].get(label) for label in labels]
        table.add_row(split, f"{rows:,}", *("-" if rate is None else f"{rate:.4f}" for rate in rates))
    console = Console()
    console.print(table)
    if (said := manifest.metadata.get("requests")) is not None:
        console.print(_of_requests(said), highlight=False, soft_wrap=True)
    if (dropped := manifest.metadata.get(SAMPLED_NEGATIVES)) is not None:
        console.print(sampling_line(dropped), markup=False, highlight=False, soft_wrap=True)
    for label, counts in manifest.metadata.get("unknown_labels", {}).items():
        told = ", ".join(f"{count:,} of {manifest.rows[split]:,} rows of {split}" for split, count in counts.items())
        console.print(f"label `{label}` is not known in {told}", highlight=False, soft_wrap=True)
    for line in delay_lines(manifest):
        console.print(line, highlight=False, soft_wrap=True)
    for output, auc in manifest.metadata.get("best_possible_auc", {}).items():
        console.print(
            f"best possible test AUC, {output}: {auc if auc is None else format(auc, '.4f')}", highlight=False
        )
    for warning in manifest.metadata.get("warnings", ()):
        console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"written to {out}", highlight=False, soft_wrap=True)


def _of_requests(said: dict[str, Any]) -> str:
    parts = [
        f"{said['requests']:,} requests with {said['rows']:,} rows",
        f"{said['matched']:,} with an outcome",
        f"{said['unmatched']:,} without",
        f"{said['orphans']:,} outcomes without a logged request",
        *([f"{said['sent_again']:,} rows sent again"] if said["sent_again"] else []),
        *(f"{count:,} records {reason} left out" for reason, count in said["left_out"].items()),
    ]
    return "; ".join(parts)
