"""A window of requests against an export, worked out by hand."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from tests.support.served_log import record, write_log
from tfelc.core.errors import ConfigError, ExportError
from tfelc.core.json_text import json_text
from tfelc.ranker.export.known_values import KNOWN_VALUES_FILE, KnownValues
from tfelc.ranker.export.reference_statistics import NumberReference, ReferenceStatistics, ValueReference
from tfelc.ranker.monitoring.textfile import write_textfile
from tfelc.ranker.monitoring.thresholds import Thresholds
from tfelc.ranker.monitoring.watch import OutcomeSource, watch
from tfelc.ranker.monitoring.watched_page import watched_page
from tfelc.schema.schema import Schema

SCHEMA = Schema.load(
    {
        "name": "shop",
        "tables": {"shop": {"hash_buckets": 10}},
        "columns": {
            "click": {"kind": "label"},
            "order": {"kind": "label"},
            "price": {"kind": "number", "role": "item"},
            "city": {"kind": "category", "role": "user"},
            "seen": {"kind": "list", "role": "user", "type": "integer"},
            "shop": {"kind": "category", "role": "item"},
        },
        "tasks": {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}},
    }
)
REFERENCE = ReferenceStatistics(
    rows=100,
    features={
        "price": NumberReference(edges=[10, 20], counts=[50, 30, 20, 0]),
        "city": ValueReference(values=["a", "b"], counts=[60, 20, 15, 5], unknown=9),
        "seen": ValueReference(values=[1], counts=[40, 40, 50], unknown=0),
        "shop": ValueReference(values=["s"], counts=[100, 0, 0]),
    },
    outputs={
        "ctr": NumberReference(edges=[0.5], counts=[50, 50, 0]),
        "cvr": NumberReference(edges=[0.5], counts=[50, 50, 0]),
        "ctr_cvr": NumberReference(edges=[0.5], counts=[50, 50, 0]),
    },
)
PRICES = [1, 10, 11, 15, 20, 21, 30, 40, 50, math.nan]
CITIES = ["a", "a", "a", "b", "b", "c", "new", "newer", "", ""]
SEEN = [[1, 7], [1, 8], [1, -1], *[[-1, -1]] * 7]
CTR = [0.5] * 2 + [0.75] * 8
FEW = Thresholds.load({"rows": 10, "positives": 2})


@pytest.fixture
def ranker(tmp_path):
    path = tmp_path / "exports" / "shop" / "3"
    path.mkdir(parents=True)
    KnownValues({"city": pa.array(["a", "b", "c"]), "seen": pa.array([1, 7], pa.int64())}).write(path)
    manifest = SimpleNamespace(reference=REFERENCE, tasks={"ctr": None, "cvr": None})
    return SimpleNamespace(
        path=path, version=3, schema=SCHEMA, manifest=manifest, probabilities=["ctr", "cvr", "ctr_cvr"]
    )


@pytest.fixture
def log(tmp_path):
    """One request of ten rows by version 3, and one by version 2."""
    inputs = {
        "price": np.array(PRICES, np.float32),
        "city": np.array([city.encode() for city in CITIES], object),
        "seen": np.array(SEEN, np.int64),
        "shop": np.array([b"s"] * 10, object),
    }
    outputs = {"ctr": CTR, "cvr": [0.25] * 10, "ctr_cvr": [0.125] * 10}
    outputs = {name: np.array(values, np.float32) for name, values in outputs.items()}
    records = [record(inputs, outputs=outputs, request_id=f"r{version}", version=version) for version in (3, 2)]
    write_log(tmp_path / "logs" / "shop.tfrecord", records)
    return [str(tmp_path / "logs")]


def test_the_figures(ranker, log):
    found = watch(ranker, log, FEW)
    assert (found.requests, found.rows, found.left_out) == (1, 10, {"of other versions": 1})
    # Shares .5 .3 .2 0 have become .2 .3 .4 .1; an empty one counts as 0.0001.
    price = 0.3 * math.log(2.5) + 0.2 * math.log(2) + 0.0999 * math.log(1000)
    assert found.features["price"].psi == pytest.approx(price)
    assert (found.features["price"].missing, found.features["price"].missing_before) == (0.1, 0)
    assert found.features["price"].unknown is None
    # .6 .2 .15 .05 -> .3 .2 .3 .2; of eight values that are there, `new` and `newer` are unknown.
    city = 0.3 * math.log(2) + 0.15 * math.log(2) + 0.15 * math.log(4)
    assert found.features["city"].psi == pytest.approx(city)
    assert (found.features["city"].unknown, found.features["city"].unknown_before) == (2 / 8, 9 / 95)
    assert (found.features["city"].missing, found.features["city"].missing_before) == (0.2, 0.05)
    # Lists: three times 1, two other values (8 is unknown), seven empty ones.
    seen = found.features["seen"]
    assert (seen.unknown, seen.unknown_before, seen.missing, seen.missing_before) == (1 / 5, 0, 0.7, 0.5)
    shares = zip((40 / 130, 40 / 130, 50 / 130), (3 / 12, 2 / 12, 7 / 12), strict=True)
    assert seen.psi == pytest.approx(sum((now - was) * math.log(now / was) for was, now in shares))
    assert found.features["shop"].psi == 0 and found.features["shop"].unknown is None
    # .5 .5 -> .2 .8
    assert found.outputs["ctr"].psi == pytest.approx(0.3 * math.log(2.5) + 0.3 * math.log(1.6))
    assert found.outputs["ctr"].mean == pytest.approx(0.7) and found.outputs["ctr"].calibration is None


def test_the_thresholds_that_are_passed(ranker, log):
    found = watch(ranker, log, FEW)
    assert found.status == "moved"
    assert {(each.name, each.measure) for each in found.passed} == {
        *(("price", measure) for measure in ("psi", "missing")),
        *(("city", measure) for measure in ("psi", "unknown", "missing")),
        *(("seen", measure) for measure in ("unknown", "missing")),
        *((output, "psi") for output in ("ctr", "cvr", "ctr_cvr")),
    }
    assert str(found.passed[0]) == "price: psi 1.104 > 0.2" and "and 5 more" in found.verdict()
    own = {name: {"psi": 9, "unknown": 1, "missing": 1} for name in ("price", "city", "seen")}
    wide = Thresholds.load({"rows": 10, "score_psi": 9, "features": own})
    assert watch(ranker, log, wide).status == "ok"


def test_too_few_rows_are_a_case_of_its_own(ranker, log):
    found = watch(ranker, log, Thresholds())
    assert found.status == "too_few_rows" and found.passed == []
    assert found.verdict() == "10 rows are too few to say anything: 1,000 are needed"
    nothing = watch(ranker, log, Thresholds(), since=1.0)
    assert nothing.rows == 0 and nothing.status == "too_few_rows"
    assert nothing.features["price"].psi is None and nothing.outputs["ctr"].mean is None
    json.loads(json_text(nothing.to_json()))


def outcomes(unmatched):
    """Of three rows; the last one was not clicked, so that nothing is known of an order."""
    cities, clicks, orders = ["c", "new", "newer"], [1, 1, 0], [1, 0, None]
    table = pa.table({"request_id": ["r3"] * 3, "city": cities, "click": clicks, "order": orders})
    return OutcomeSource(SCHEMA, table, unmatched, ["request_id", "city"])


def test_calibration(ranker, tmp_path):
    inputs = {
        "price": np.ones(3, np.float32),
        "city": np.array([b"c", b"new", b"newer"], object),
        "seen": np.ones((3, 1), np.int64),
        "shop": np.array([b"s"] * 3, object),
    }
    scores = {"ctr": [0.9, 0.84, 0.09], "cvr": [0.6, 0.8, 0.3], "ctr_cvr": [0.54, 0.64, 0.03]}
    answers = {name: np.array(values, np.float32) for name, values in scores.items()}
    write_log(tmp_path / "logs" / "x.tfrecord", [record(inputs, outputs=answers, request_id="r3", version=3)])
    found = watch(ranker, [str(tmp_path / "logs")], Thresholds.load({"rows": 3, "positives": 1}), outcomes("drop"))
    assert found.outcomes == {"matched": 3, "unmatched": 0, "sent_again": 0, "orphans": 0}
    ctr, cvr, joint = (found.outputs[name].calibration for name in ("ctr", "cvr", "ctr_cvr"))
    assert (ctr.rows, ctr.positives) == (3, 2)
    assert (ctr.mean_score, ctr.mean_label, ctr.ratio) == pytest.approx((0.61, 2 / 3, 0.915))
    assert (cvr.rows, cvr.positives, cvr.ratio) == (2, 1, pytest.approx(1.4))  # where there was a click
    assert (joint.rows, joint.positives, joint.ratio) == (3, 1, pytest.approx(1.21))
    off = {each.name: each.value for each in found.passed if each.measure == "calibration"}
    assert off == {"cvr": pytest.approx(0.4), "ctr_cvr": pytest.approx(0.21)}
    few = watch(ranker, [str(tmp_path / "logs")], Thresholds.load({"rows": 3}), outcomes("drop"))
    assert not [each for each in few.passed if each.measure == "calibration"]


def test_an_export_without_statistics_or_vocabularies(ranker, log):
    (ranker.path / KNOWN_VALUES_FILE).unlink()
    assert watch(ranker, log, FEW).features["city"].unknown is None
    ranker.manifest.reference = None
    with pytest.raises(ExportError, match="was exported without its data, so there are no statistics to compare with"):
        watch(ranker, log, FEW)


def test_vocabularies_come_back(ranker):
    known = KnownValues.load(ranker.path)
    assert known.tables["city"].to_pylist() == ["a", "b", "c"] and known.tables["seen"].to_pylist() == [1, 7]
    assert known.unknown(SCHEMA, "city", pa.array(["a", "x", None, ""])) == 1
    assert known.unknown(SCHEMA, "seen", pa.array([[1, 5, -1], [], None, [7, 8]], pa.list_(pa.int64()))) == 2
    assert known.unknown(SCHEMA, "shop", pa.array(["x"])) is None and known.unknown(SCHEMA, "price", None) is None


def test_gauges_that_prometheus_reads(ranker, log, tmp_path):
    parser = pytest.importorskip("prometheus_client.parser")
    write_textfile(tmp_path / "shop.prom", watch(ranker, log, FEW))
    families = {each.name: each for each in parser.text_string_to_metric_families((tmp_path / "shop.prom").read_text())}
    [price] = [each for each in families["tfelc_monitor_feature_psi"].samples if each.labels["feature"] == "price"]
    assert price.value == pytest.approx(1.1036, abs=1e-3)
    assert price.labels == {"model": "shop", "version": "3", "feature": "price"}
    status = {each.labels["status"]: each.value for each in families["tfelc_monitor_status"].samples}
    assert status == {"ok": 0, "moved": 1, "too_few_rows": 0}
    assert "tfelc_monitor_calibration_ratio" not in families
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "logs", "shop.prom"]


def test_the_page(ranker, log):
    page = watched_page(watch(ranker, log, FEW), "tfelc monitor --requests 'a & b'")
    for words in ("What is served", "price", "1.1036", "Thresholds that are passed", "&#x27;a &amp; b&#x27;"):
        assert words in page
    assert "No outcomes were given" in page and "<script" not in page


def test_thresholds(tmp_path):
    import tfelc.ranker.monitoring.thresholds as module

    shipped = tmp_path.joinpath(module.__file__).with_name("thresholds.yaml")
    assert Thresholds.load(shipped) == Thresholds()
    file = tmp_path / "mine.yaml"
    file.write_text("psi: 0.3\nfeatures: {price: {psi: 0.5}}\n")
    mine = Thresholds.of(SCHEMA, file)
    assert (mine.of_feature("price", "psi"), mine.of_feature("city", "psi"), mine.of_feature("price", "missing")) == (
        0.5,
        0.3,
        0.05,
    )
    for text, words in (
        ("pis: 1", "mine.yaml: `pis`: no such setting; did you mean `psi`?"),
        ("features: {prise: {psi: 1}}", "`features.prise`: no such feature; did you mean `price`?"),
        ("psi: -1", "mine.yaml: `psi`"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=words.replace("?", r"\?")):
            Thresholds.of(SCHEMA, file)


def test_orders_that_may_still_come_are_not_held_against_the_scores(ranker, tmp_path):
    day, begin = 86_400, 1_700_000_000
    content = SCHEMA.model_dump(mode="json", exclude_defaults=True)
    content["columns"] |= {"at": {"kind": "timestamp"}, "ordered_at": {"kind": "event_time"}}
    content["tasks"]["cvr"]["delay"] = {"event_time": "ordered_at", "window": 7}
    ranker.schema = Schema.load(content)
    one = {"price": np.float32([1]), "city": np.array([b"a"]), "seen": np.int64([[1]]), "shop": np.array([b"s"])}
    scores = {name: np.float32([0.25]) for name in ("ctr", "cvr", "ctr_cvr")}
    records = [
        record(one, outputs=scores, request_id=f"r{number}", version=3, seconds=begin + number * day)
        for number in range(10)
    ]
    write_log(tmp_path / "late" / "shop.tfrecord", records)
    ordered = [0, 1]
    happened = {
        "request_id": [f"r{number}" for number in range(10)],
        "click": [1] * 10,
        "order": [int(number in ordered) for number in range(10)],
        # The second one comes too late: eight days after its row.
        "ordered_at": [begin + day, begin + 9 * day, *[None] * 8],
    }
    source = OutcomeSource(ranker.schema, pa.table(happened), "drop", ["request_id"])
    found = watch(ranker, [str(tmp_path / "late")], FEW, source).outputs
    # The log ends on day 9: rows of days 0 to 2 are mature.
    assert (found["ctr"].calibration.rows, found["cvr"].calibration.rows) == (10, 3)
    assert found["ctr_cvr"].calibration.rows == 3
    assert found["cvr"].calibration.mean_label == pytest.approx(1 / 3)
