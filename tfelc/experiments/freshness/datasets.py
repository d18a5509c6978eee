"""KuaiRand-Pure with activity features of three degrees of freshness."""

from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.core.row_progress import RowProgress
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import kuairand
from tfelc.schema.schema import Schema

FROZEN = "frozen"
# Name -> what is changed of the protocol's aggregates.
DEGREES: dict[str, dict[str, Any]] = {
    FROZEN: {},
    "daily": {"rows": "all"},
    "live": {"rows": "all", "delay": 1},
}
# Name -> the one whose training rows it shares: these see earlier training days alone, refreshed or not. One ranker
# serves both, so that a difference is that of the features it is served with.
TRAINED_ON = {FROZEN: FROZEN, "daily": FROZEN, "live": "live"}


def prepared(data_dir: Path, folder: Path, console: Console) -> dict[str, Dataset]:
    """Name of a degree -> its dataset; one that is there already is not made again.

    Args:
        data_dir: Folder with KuaiRand-Pure's files.
        folder: Where the datasets lie.
        console: Where progress goes.

    Raises:
        DataError: A file is missing or is not the one of the protocol.
    """
    protocol = Schema.load(kuairand.SCHEMA_FILE)
    found = {}
    for name, change in DEGREES.items():
        aggregates = {key: one.model_copy(update=change) for key, one in protocol.aggregates.items()}
        if not (folder / name).exists():
            console.print(f"[bold]data, {name}[/bold]")
            with RowProgress() as bar:
                schema = protocol.model_copy(update={"aggregates": aggregates})
                kuairand.prepare(data_dir, folder / name, bar.update, schema)
        found[name] = Dataset(folder / name)
    return found
