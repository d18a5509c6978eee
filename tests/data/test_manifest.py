"""What a prepared folder says about itself, read back."""

import json
from pathlib import Path

import pytest

from tfelc.core.errors import DataError
from tfelc.data.manifest import Manifest

CONTENT = {
    "format": 1,
    "source": "a log",
    "seed": 3,
    "rows": {"train": 1},
    "schema_hash": "s",
    "files": {"train": {"part-00000.parquet": {"rows": 1, "bytes": 2, "sha256": "p"}}},
    "hash": "h",
    "label_rates": {"train": {"click": 0.5}},
    "metadata": {"best_possible_auc": {"ctr": 0.8}},
}


def _write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_it_is_written_as_it_is_read(tmp_path: Path) -> None:
    manifest = Manifest.load(_write(tmp_path / "manifest.json", CONTENT))
    assert manifest.model_dump(mode="json") == CONTENT
    assert manifest == Manifest(**CONTENT)  # type: ignore[arg-type]


def test_files_that_call_the_metadata_facts_are_read(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    old = {("facts" if name == "metadata" else name): value for name, value in CONTENT.items()}
    assert Manifest.load(_write(tmp_path / "manifest.json", old)) == Manifest(**CONTENT)  # type: ignore[arg-type]
    # Nobody writes the file by hand: there is nothing to say.
    assert not recwarn.list


@pytest.mark.parametrize("change", [{"color": 1}, {"seed": None}, {"facts": {}}])
def test_another_content_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"not the manifest of a prepared dataset: {next(iter(change))}"):
        Manifest.load(_write(tmp_path / "manifest.json", CONTENT | change))
