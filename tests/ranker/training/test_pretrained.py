"""Embedding tables that begin with vectors of a file, and stay there where the schema says so."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from tests.support.every_kind import SCHEMA, write_every_kind_dataset
from tests.support.training import create
from tfelc.core.errors import DataError, SchemaError, UsageError
from tfelc.ranker.training.pretrained_table import PretrainedTable
from tfelc.schema.schema import Schema

KEYS = [f"p{number}" for number in range(0, 40, 2)]  # Each other value of the log, and some that it lacks.
VECTORS = np.random.default_rng(0).normal(size=(len(KEYS), 4)).astype("float32")


def _schema(path: Path, **table: Any) -> Schema:
    content = yaml.safe_load(SCHEMA)
    content["tables"]["product"] |= {"pretrained": str(path), **table}
    return Schema.parse(content, "pretrained")


def _write(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns or {"product_id": KEYS, "vector": VECTORS.tolist()}), path)
    return path


@pytest.mark.parametrize("trainable", [True, False])
def test_rows_begin_with_their_vectors_and_move_only_where_they_are_trained(trainable: bool, tmp_path: Path) -> None:
    path = _write(tmp_path / "products.parquet")
    dataset = write_every_kind_dataset(tmp_path / "data", _schema(path, trainable=trainable))
    told = io.StringIO()
    loop = create(dataset, tmp_path / "run", "training.epochs=1", console=Console(file=told, width=300))
    model, vocabulary = loop.trainable.model, loop.run.fitted.vocabularies["product"]
    assert f"table product: 15 of 30 values have a vector in {path}" in told.getvalue()
    dim, first = model.lookup.layout.offsets["product"]
    table = model.ranker.encoder.tables[dim].embeddings
    fresh = table.numpy().copy()
    loop.trainable.initialize_weights()
    begun = table.numpy().copy()
    known = [place for place, value in enumerate(vocabulary) if value in KEYS]
    others = [place for place, value in enumerate(vocabulary) if value not in KEYS]
    rows = begun[first + 2 :]
    np.testing.assert_array_equal(rows[known], [VECTORS[KEYS.index(vocabulary[place])] for place in known])
    np.testing.assert_array_equal(rows[others], fresh[first + 2 :][others] if trainable else 0 * rows[others])
    loop.train()
    moved = (table.numpy() != begun).any(axis=1)
    of_values = moved[first + 2 : first + 2 + len(vocabulary)]
    assert of_values.all() if trainable else not of_values.any()
    assert moved[first]  # That of a missing value is trained in either case.


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"product_id": KEYS}, "must have two columns, one of keys and one of vectors; it has product_id"),
        ({"key": ["a", "a"], "vector": [[1.0], [2.0]]}, "a key is null, or there twice"),
        ({"key": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, "must all be there, and of one width"),
        ({"key": ["a", "b"], "vector": [[1.0], None]}, "must all be there, and of one width"),
        ({"key": ["a"], "vector": [[None]]}, "must be numbers without holes"),
        ({"key": ["a"], "vector": [[float("inf")]]}, "not finite"),
        ({"key": [1.5], "vector": [[1.0]]}, "its keys are double; they must be whole numbers or texts"),
    ],
)
def test_a_file_that_does_not_say_it_is_refused(columns: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        PretrainedTable.read(_write(tmp_path / "products.parquet", **columns))


def test_what_does_not_fit_the_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing.parquet: no such file of pretrained vectors"):
        PretrainedTable.read(tmp_path / "nothing.parquet")
    table = PretrainedTable.read(_write(tmp_path / "products.parquet"))
    with pytest.raises(UsageError, match="is 16 wide, and the vectors of .* 4; set `tables.product.dim: 4`"):
        table.of("product", ["p1"], 16)
    with pytest.raises(UsageError, match="its values are int64, and the keys of .* string"):
        table.of("product", [1], 4)
    for changes, message in (
        ({"hash_buckets": 5, "min_count": 1}, "`hash_buckets` excludes `pretrained`"),
        ({"pretrained": None, "trainable": False}, "`trainable: false` needs `pretrained`"),
    ):
        with pytest.raises(SchemaError, match=message):
            _schema(tmp_path / "products.parquet", **changes)
