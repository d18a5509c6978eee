"""Ali-CCP: recommendations of Taobao with clicks and conversions -> a prepared dataset."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data import log_preparation
from tfelc.data.hashed_random import hashed_uniform
from tfelc.data.log_batch import LogBatch
from tfelc.ranker.data.ali_ccp_common import CommonFeatures
from tfelc.ranker.data.ali_ccp_features import FeatureFields, read_lines
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("ali_ccp.yaml")
_COLUMNS = ["sample", "click", "conversion", "key", "count", "features"]
_FIELDS = FeatureFields(
    single={"205": "item_id", "206": "item_category", "207": "item_shop", "216": "item_brand", "301": "scene"},
    lists={
        "210": "item_intentions",
        "508": "met_category",
        "509": "met_shop",
        "702": "met_brand",
        "853": "met_intentions",
    },
    counts={},
    sums={name: f"{name}_value" for name in ("met_category", "met_shop", "met_brand", "met_intentions")},
)
_LINES = 16_384
_VALIDATION = 0.1
_STREAM = 109


def prepare(
    data_dir: Path,
    out: Path,
    seed: int = 7,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Writes Ali-CCP as a prepared dataset, streamed.

    Test is the test files; of the users of the training files a tenth, drawn by the seed, is validation. The form and
    the fields are those that https://tianchi.aliyun.com/dataset/408 tells, as quoted by others who read the set (read
    on 2026-11-28). The features that impressions have in common lie beside `out` until it is done.

    Args:
        data_dir: The folder with `sample_skeleton_*.csv` and `common_features_*.csv`, of train and test.
        out: The folder to make.
        seed: Seed of the validation split. Defaults to 7.
        progress: Called with the rows written so far and their total, which is not known.

    Raises:
        DataError: A file is missing or not of the published form, or `out` cannot be written.
    """
    schema = Schema.load(SCHEMA_FILE)
    for name in ("common_features", "sample_skeleton"):
        for half in ("train", "test"):
            if not (data_dir / f"{name}_{half}.csv").is_file():
                raise DataError(f"{data_dir}: no {name}_{half}.csv; name the folder with the four files of Ali-CCP")
    parent = out.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{out.name}.", suffix=".ali_ccp", dir=parent)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}") from error
    with scratch as folder:
        log = AliCcpLog(data_dir, Path(folder), list(schema.columns), seed)
        log_preparation.prepare(schema, log, out, seed, progress)


class AliCcpLog:
    """The rows of train and test with their common features, as `LogSource` has it.

    Args:
        folder: The folder of the four files.
        scratch: A folder for the common features.
        columns: Columns that are read.
        seed: Seed of the validation split.

    Raises:
        DataError: A file is missing or not of the published form.
    """

    def __init__(self, folder: Path, scratch: Path, columns: Sequence[str], seed: int) -> None:
        self.name = "Ali-CCP, by its training and test files"
        self.rows: int | None = None
        self.names = [*columns, "split"]
        self._skeletons = [folder / f"sample_skeleton_{half}.csv" for half in ("train", "test")]
        self._common = [CommonFeatures(folder / f"common_features_{half}.csv", scratch) for half in ("train", "test")]
        self._seed = seed

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all."""
        for path, common, is_train in zip(self._skeletons, self._common, (True, False), strict=True):
            for number, lines in read_lines(path, _COLUMNS, _LINES):
                table = common.of(lines["key"])
                split = np.full(len(table), "test")
                if is_train:
                    users = table["user_id"].fill_null(-1).to_numpy().astype(np.uint64)
                    is_validation = hashed_uniform(users, self._seed, _STREAM, 1)[:, 0] < _VALIDATION
                    split = np.where(is_validation, "validation", "train")
                own = _FIELDS.columns_of(lines["features"], path, number)
                own |= {"click": lines["click"], "conversion": lines["conversion"], "split": pa.array(split)}
                for name, values in own.items():
                    table = table.append_column(name, values)
                yield LogBatch(str(path), number, table.select(list(columns or self.names)), is_text=False)
