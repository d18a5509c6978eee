"""Tables of items, and their attributes in the order of a catalog."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import ConfigError, DataError
from tfelc.next_item.data.catalog_attributes import catalog_attributes
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.data.item_table import read_item_table
from tfelc.next_item.settings import CatalogSettings, NextItemSettings

KINDS = {"brand": "category", "new": "flag", "price": "number", "text": "vector"}


@pytest.fixture
def table(tmp_path):
    rows = {
        "item": [7, 3, 9],
        "brand": ["b", None, "a"],
        "new": [True, None, False],
        "price": [2.5, None, 4.0],
        "text": [None, [1.0, 2.0], [3.0, 4.0]],
        "more": [1, 2, 3],
    }
    pq.write_table(pa.table(rows), tmp_path / "items.parquet")
    return str(tmp_path / "items.parquet")


def test_attributes_come_in_the_order_of_the_catalog(table):
    found, missing = read_item_table(table, "item", KINDS).of(["9", "1", "7", "3"])
    assert missing == 1
    assert found.columns["brand"].tolist() == ["a", None, "b", None] and found.codes("brand").tolist() == [1, 0, 2, 0]
    assert found.columns["new"].tolist() == [False, False, True, False]
    np.testing.assert_array_equal(found.columns["price"], np.array([4, np.nan, 2.5, np.nan], np.float32))
    nothing = [np.nan, np.nan]
    np.testing.assert_array_equal(found.columns["text"], np.array([[3, 4], nothing, nothing, [1, 2]], np.float32))
    again = ItemAttributes.from_bytes(found.to_bytes(), KINDS)
    for name, values in found.columns.items():
        np.testing.assert_array_equal(again.columns[name], values)
        assert again.columns[name].dtype == values.dtype


def test_what_is_said_of_a_table(table, tmp_path):
    said = []
    settings = CatalogSettings(path=table, columns={"brand": "category"})
    catalog_attributes(settings, [7, 8], said.append)
    assert said == [
        f"{table}: attributes of 1 of 2 items of the catalog; those of 1 are missing, and 2 rows are of other items"
    ]
    with pytest.raises(DataError, match="none of its 3 items is in the catalog"):
        catalog_attributes(settings, ["x"], said.append)
    assert catalog_attributes(CatalogSettings(), [7], said.append) == (None, [])
    found, new = catalog_attributes(settings, [7, 8], said.append, with_new=True)
    assert new == [3, 9] and found.columns["brand"].tolist() == ["b", None, None, "a"]
    assert said[-1].endswith("those of 1 are missing, and 2 items are new to it")


@pytest.mark.parametrize(
    ("column", "kind", "values", "said"),
    [
        ("brand", "flag", ["b", None, "a"], "column `brand`"),
        ("price", "number", ["b", None, "a"], "column `price`"),
        ("text", "vector", [[1.0], [1.0, 2.0], None], "a vector is a list of 1 numbers"),
        ("text", "vector", [[1.0], [float("nan")], None], "the numbers of a vector must be finite"),
        ("text", "vector", ["1", "2", None], "a vector is a list of"),
    ],
)
def test_values_of_another_kind_are_refused_by_their_column(tmp_path, column, kind, values, said):
    pq.write_table(pa.table({"item": [1, 2, 3], column: values}), tmp_path / "items.parquet")
    with pytest.raises(DataError, match=said):
        read_item_table(str(tmp_path / "items.parquet"), "item", {column: kind})


def test_an_item_of_two_rows_is_refused(tmp_path):
    pq.write_table(pa.table({"item": ["x", "y", "x"], "brand": ["a", "b", "c"]}), tmp_path / "items.parquet")
    with pytest.raises(DataError, match="column `item` holds `x` twice; give each item one row"):
        read_item_table(str(tmp_path / "items.parquet"), "item", {"brand": "category"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ["catalog.path=items.parquet"],
            "catalog.path and catalog.columns: name the table and its columns, or neither",
        ),
        (["catalog.path=x", "catalog.columns={a b: flag}"], "catalog.columns: `a b` becomes an input of the export"),
        (["catalog.path=x", "catalog.columns={brand: text}"], "brand"),
    ],
)
def test_settings_that_contradict_each_other(settings, said):
    with pytest.raises(ConfigError, match=said):
        NextItemSettings.load(None, settings)
