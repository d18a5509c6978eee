import numpy as np
import pyarrow as pa

from tests.support.every_kind import every_kind_schema
from tfelc.ranker.export.feature_manifest import FeatureManifest
from tfelc.ranker.export.known_values import KnownValues
from tfelc.ranker.export.reference_statistics import NumberReference, ReferenceStatistics, ValueReference
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

SCHEMA = every_kind_schema()


def test_a_number_falls_into_deciles():
    values = np.append(np.arange(1, 101), np.nan).astype(np.float32)
    reference = NumberReference.of(values)
    assert reference.edges == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert reference.counts == [10] * 10 + [1]
    assert reference.count(np.array([10, 10.5, 1000, np.nan], np.float32)).tolist() == [1, 1, *[0] * 7, 1, 1]


def test_a_number_of_few_values_has_few_bins():
    reference = NumberReference.of(np.array([0] * 70 + [1] * 30, np.float32))
    assert reference.edges == [0, 1] and reference.counts == [70, 30, 0, 0]
    assert NumberReference.of(np.array([np.nan], np.float32)).counts == [0, 1]


def test_a_category_is_counted_by_its_most_frequent_values():
    column = Column(kind="category", role="user")
    values = pa.array([f"v{n}" for n in range(30)] * 2 + ["top"] * 5 + [None, ""])
    reference = ValueReference.of(column, values)
    assert reference.values[:2] == ["top", "v0"] and len(reference.values) == 20
    assert reference.counts == [5, *[2] * 19, 22, 2]
    assert reference.count(column, pa.array(["top", "new", None])).tolist() == [1, *[0] * 19, 1, 1]


def test_a_list_is_counted_value_by_value():
    column = Column(kind="list", role="user", type="integer")
    reference = ValueReference.of(column, pa.array([[1, 1], [2, -1], [], None], pa.list_(pa.int64())))
    assert reference.values == [1, 2] and reference.counts == [2, 1, 0, 2]


def test_rows_without_a_vector_or_without_numbers_are_counted_as_missing():
    columns = {
        "clicked": {"kind": "label"},
        "picture": {"kind": "vector", "role": "item", "width": 2},
        "gaps": {"kind": "list", "role": "user", "type": "float", "max_length": 3},
        "seen": {"kind": "list", "role": "user", "max_length": 3},
    }
    tasks, sequences = {"click": {"label": "clicked"}}, {"watched": {"columns": ["seen", "gaps"], "pooling": "mean"}}
    schema = Schema.load({"name": "shop", "columns": columns, "tasks": tasks, "sequences": sequences})
    vectors = pa.array([[1, 2], None, [3, 4], None], pa.list_(pa.float32()))
    gaps = pa.array([[1.0, 2.0, 3.0], [], None, [4.0]], pa.list_(pa.float32()))
    seen = pa.array([["a", "b", "c"], [], None, ["d"]], pa.list_(pa.string()))
    rows = pa.table({"picture": vectors, "gaps": gaps, "seen": seen})
    reference = ReferenceStatistics.of(schema, rows, {}, KnownValues({"seen": pa.array(["a"])}))
    found = reference.expected()["features"]
    assert (sum(found["picture"]), found["picture"][-1]) == (6, 2)
    assert (sum(found["gaps"]), found["gaps"][-1]) == (6, 2)
    counted = reference.count(schema, rows.slice(1, 1), {})["features"]
    assert (counted["picture"].tolist()[-1], counted["gaps"].tolist()[-1]) == (1, 1)


def test_an_export_carries_those_of_the_validation_split(exported, every_kind_dataset):
    reference = FeatureManifest.load(exported.path).reference
    assert reference.rows == every_kind_dataset.rows("validation")
    assert list(reference.features) == list(SCHEMA.features)
    assert list(reference.outputs) == ["click", "buy", "click_and_buy"]
    for name, counts in {**reference.expected()["features"], **reference.expected()["outputs"]}.items():
        if name not in ("history", "tags"):
            assert sum(counts) == reference.rows, name
