"""Items that nobody has taken yet, from the table to what is recommended and served."""

import json
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tfelc
from tests.support.untrained_recommender import export_unverified, word, write_sequences
from tfelc.core.errors import ConfigError
from tfelc.layers.item_features import ItemFeatures
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.models.item_features import set_item_features
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.next_item.settings import NextItemSettings

COLUMNS = {"color": "category", "sold": "flag", "price": "number", "text": "vector"}


def test_features_by_hand():
    # Of three items training has seen the first two, of prices 2 and 4: mean 3, deviation 1.
    columns = {
        "color": np.array(["b", None, "a"], object),
        "sold": np.array([True, False, True]),
        "price": np.array([2.0, 4.0, np.nan], np.float32),
        "text": np.array([[3.0, 4.0], [np.nan, np.nan], [5.0, 0.0]], np.float32),
    }
    layer = ItemFeatures(2)
    set_item_features(layer, ItemAttributes(COLUMNS, columns), list(COLUMNS), np.array([True, True, False]))
    assert np.array(layer.codes[0]).tolist() == [0, 2, 0, 1, 0]
    root = np.sqrt(12.5)
    wanted = [[1, -1, 0, 3 / root, 4 / root, 0], [0, 1, 0, 0, 0, 1], [1, 0, 1, 5 / root, 0, 0]]
    np.testing.assert_allclose(layer.numbers, [[0] * 6, *wanted, [0] * 6], atol=1e-6)
    assert np.array(layer.seen)[:, 0].tolist() == [1, 1, 1, 0, 1]
    columns["price"][:2] = np.nan
    with pytest.raises(ConfigError, match="`price` is missing of all items that are trained on"):
        set_item_features(layer, ItemAttributes(COLUMNS, columns), ["price"], np.array([True, True, False]))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Trained for an epoch; `new 1` and `new 2` are alike and `new 3` is not, and nobody took one of them."""
    folder = tmp_path_factory.mktemp("new_items")
    rows = [{"item": word(n), "color": "red" if n % 2 else "blue", "price": float(n)} for n in range(1, 31)]
    new = [
        {"item": f"new {n}", "color": "red" if n < 3 else "blue", "price": 7.0 if n < 3 else 20.0} for n in (1, 2, 3)
    ]
    pq.write_table(pa.Table.from_pylist([*rows, *new]), folder / "items.parquet")
    settings = {
        "catalog.path": str(folder / "items.parquet"),
        "catalog.columns": {"color": "category", "price": "number"},
        "model.item_attributes": ["color", "price"],
        **{"model.encoder.dim": 8, "model.encoder.num_layers": 1, "split.max_length": 6, "model.neighbors.weight": 0},
        **{"training.epochs": 1, "training.batch_size": 64, "training.yardsticks": False},
    }
    interactions = write_sequences(folder / "clicks.parquet")
    return tfelc.NextItemModel("sasrec", settings).fit(interactions, folder / "run", progress=False)


@pytest.mark.slow
def test_new_items_are_recommended_by_their_attributes(model, tmp_path):
    run = model.run
    assert (
        run.catalog[-3:] == ["new 1", "new 2", "new 3"] and run.metadata["new_items"] == 3 + 2
    )  # and two that too few took
    new = ["new 1", "new 2", "new 3"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.recommend([[word(1), "new 3"]], 3, allow=new, keep_seen=True)
    score = dict(zip(found["item"], found["score"], strict=True))
    assert score["new 1"] == score["new 2"] != score["new 3"]
    exported = ExportedRecommender(export_unverified(run, tmp_path / "base").path)
    served = exported.recommend([[word(1), "new 3"]], 3, allow=new, keep_seen=True)
    np.testing.assert_allclose(served["score"], found["score"], rtol=1e-5)
    # Their numbers stand behind those of all others, as does what is evaluated and resumed.
    assert json.loads((run.path / "metrics.json").read_text())["metrics"]["next_item"]["hr@5"] > 0
    assert run.sequences().num_items == len(run.catalog) == run.metadata["items"]


def test_what_nobody_took_is_no_negative(model):
    trained = model.run.model()
    items = len(model.run.catalog)
    # As a run is opened, nothing is trained any more; as it is trained, the loss sees the items before the new ones.
    assert trained.loss_table.shape[0] == items + 1
    from tfelc.next_item.run import build_model

    seen = np.arange(items) < items - 3
    built = build_model(model.run.settings, items, np.ones(items - 3, np.int64), model.run.attributes, seen)
    assert built.loss_table.shape[0] == items - 2 and built.candidates.shape[0] == items + 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["model.name=sasrec", "model.item_attributes=[color]"], "`color` is none of catalog.columns"),
        (["model.name=gru4rec", "model.item_attributes=[color]"], "item_attributes"),
    ],
)
def test_settings_that_name_what_is_not_there(settings, said):
    with pytest.raises(ConfigError, match=said):
        NextItemSettings.load(None, settings)
