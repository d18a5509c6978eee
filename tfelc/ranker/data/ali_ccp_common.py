"""The features that many impressions of Ali-CCP have in common, on disk: they do not fit into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.ranker.data.ali_ccp_features import FeatureFields, read_lines

_LINES = 512
_FIELDS = FeatureFields(
    single={
        "101": "user_id",
        "121": "profile",
        "122": "profile_group",
        "124": "gender",
        "125": "age",
        "126": "consumption_1",
        "127": "consumption_2",
        "128": "occupation",
        "129": "geography",
    },
    lists={"109_14": "categories", "110_14": "shops", "127_14": "brands", "150_14": "intentions"},
    counts={name: f"num_{name}" for name in ("categories", "shops", "brands", "intentions")},
    sums={},
)


class CommonFeatures:
    """Finds the features that a key names; the keys are in memory, the features in a file that is mapped.

    Args:
        path: `common_features_train.csv`, or that of the test.
        scratch: A folder for the file.

    Raises:
        DataError: The file is missing or not of the published form, or a key is there twice.
    """

    def __init__(self, path: Path, scratch: Path) -> None:
        self._path = path
        keys: list[np.ndarray] = []
        file = scratch / f"{path.stem}.arrow"
        writer = None
        with pa.OSFile(str(file), "wb") as sink:
            for number, lines in read_lines(path, ["key", "count", "features"], _LINES):
                table = pa.table(_FIELDS.columns_of(lines["features"], path, number))
                writer = writer or pa.ipc.new_file(sink, table.schema)
                writer.write_table(table)
                keys.append(lines["key"].to_pandas().to_numpy(object))
            if writer is not None:
                writer.close()
        self._keys = pd.Index(np.concatenate(keys))
        if (again := self._keys.duplicated()).any():
            raise DataError(f"{path}: {self._keys[again][0]} is there twice; unpack Ali-CCP's archive again")
        self._starts = np.cumsum([0, *map(len, keys)])
        self._file = pa.ipc.open_file(pa.memory_map(str(file)))

    def of(self, keys: pa.ChunkedArray) -> pa.Table:
        """The features of each key; raises DataError where the file lacks one."""
        encoded = keys.combine_chunks().dictionary_encode()
        place = self._keys.get_indexer(encoded.dictionary.to_pandas().to_numpy(object))
        if (place < 0).any():
            lacking = encoded.dictionary[int(np.argmax(place < 0))]
            raise DataError(f"{self._path}: it lacks {lacking}, which the sample skeleton names")
        batch = np.searchsorted(self._starts, place, side="right") - 1
        order = np.argsort(batch, kind="stable")
        parts = [
            self._file.get_batch(int(number)).take(pa.array(place[batch == number] - self._starts[number]))
            for number in np.unique(batch)
        ]
        at = np.empty(len(order), np.int64)
        at[order] = np.arange(len(order))
        return pa.Table.from_batches(parts).combine_chunks().take(pa.array(at[encoded.indices.to_numpy()]))
