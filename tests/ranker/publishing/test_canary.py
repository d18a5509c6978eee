"""Two versions by logged requests: figures worked out by hand, and what would make a comparison wrong."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import yaml

from tests.support.served_log import record, write_log
from tfelc.core.errors import DataError
from tfelc.core.json_text import json_text
from tfelc.lifecycle.publishing.canary_rules import CanaryRules
from tfelc.lifecycle.publishing.rules import NotWorse
from tfelc.ranker.data.requests.served_rows import Window
from tfelc.ranker.publishing.canary_page import canary_page
from tfelc.ranker.publishing.compare_served import compare_served
from tfelc.ranker.publishing.served_arm import ServedArm
from tfelc.schema.schema import Schema

CONTENT = {
    "name": "shop",
    "user_key": "user",
    "columns": {
        "click": {"kind": "label"},
        "order": {"kind": "label"},
        "plan": {"kind": "group"},
        "user": {"kind": "category", "role": "user", "type": "integer"},
        "city": {"kind": "category", "role": "user"},
        "item": {"kind": "category", "role": "item", "type": "integer"},
    },
    "tasks": {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}},
}
SCHEMA = Schema.load(CONTENT)
FEW = {"min_rows": 2, "min_positives": 1, "replicates": 200, "not_worse": [], "within": [], "largest_drift": 100}


def ranker(version, schema=SCHEMA):
    outputs = ["ctr", "cvr", "ctr_cvr"]
    manifest = SimpleNamespace(tasks={"ctr": None, "cvr": None})
    return SimpleNamespace(version=version, schema=schema, manifest=manifest, probabilities=outputs)


def request(version, number, user, scores, seconds=1000, city=b"x"):
    """A request for items 0, 1 ... with these click probabilities; half as many of the clicks are orders."""
    ctr = np.array(scores, np.float32)
    outputs = {"ctr": ctr, "cvr": np.full_like(ctr, 0.5), "ctr_cvr": ctr / 2}
    count = len(scores)
    inputs = {"user": np.full(count, user, np.int64), "city": np.array([city] * count), "item": np.arange(count)}
    return record(inputs, outputs=outputs, request_id=f"r{number}", seconds=seconds, version=version)


def outcomes(rows):
    """Of `(request, item, click, order)`."""
    numbers, items, clicks, orders = zip(*rows, strict=True)
    ids = [f"r{number}" for number in numbers]
    return pa.table({"request_id": ids, "item": list(items), "click": list(clicks), "order": list(orders)})


def compared(
    folder, records, happened, rules=None, unmatched="negative", schemas=(SCHEMA, SCHEMA), window=(None, None)
):
    write_log(folder / "logs" / "shop.tfrecord", records)
    arms = [
        ServedArm.read(
            ranker(version, schema),
            [str(folder / "logs")],
            happened,
            "negative",
            ["request_id", "item"],
            Window(version, said=True),
        )
        for version, schema in zip((3, 4), schemas, strict=True)
    ]
    return compare_served(*arms, CanaryRules.load({**FEW, **(rules or {})}))


def figures(found, output="ctr", group="all"):
    about = [one for one in found.differences if (one.output, one.group) == (output, group)]
    return {one.metric: (one.served, one.candidate, one.found.difference) for one in about}


def test_figures_by_hand(tmp_path):
    records = [
        request(3, 0, 1, [0.8, 0.2, 0.6]),
        request(3, 1, 2, [0.4, 0.2]),
        request(4, 2, 3, [0.9, 0.1]),
        request(4, 3, 4, [0.7, 0.3]),
        request(2, 4, 5, [0.5]),
    ]
    # Version 3: clicks on .8 and .4, an order of the first; version 4: clicks on .9 and .3.
    happened = outcomes([(0, 0, 1, 1), (1, 0, 1, 0), (2, 0, 1, 1), (3, 1, 1, 0)])
    found = compared(tmp_path, records, happened)
    assert (found.served.requests, found.served.rows, found.served.left_out) == (2, 5, {"of other versions": 3})
    assert (found.candidate.requests, found.candidate.rows, found.unit) == (2, 4, "users")
    ctr = figures(found)
    assert ctr["outcome"] == pytest.approx((2 / 5, 2 / 4, 0.1))
    assert ctr["score"] == pytest.approx((2.2 / 5, 2.0 / 4, 0.06))
    # Pairs won of 2 x 3: .8 beats all three, .4 beats two of .2 .2 .6; of 2 x 2: .9 beats both, .3 beats .1.
    assert ctr["auc"] == pytest.approx((5 / 6, 3 / 4, 3 / 4 - 5 / 6))
    # Within users all pairs are won, but for that of version 4's second user.
    assert ctr["gauc"] == pytest.approx((1, 0.5, -0.5))
    assert ctr["calibration"] == pytest.approx((2.2 / 2, 2.0 / 2, -0.1))
    loss = -np.log([0.9, 0.9, 0.3, 0.3]).mean()
    assert ctr["ne"][1] == pytest.approx(loss / np.log(2), rel=1e-6)
    # Orders are judged on clicks alone.
    assert figures(found, "cvr")["outcome"] == pytest.approx((1 / 2, 1 / 2, 0))
    assert found.status == "fulfilled" and found.imbalance.keys() == {"city", "item"}
    assert "Version 4 fulfills every rule beside version 3" in canary_page(found, "tfelc canary")
    json.loads(json_text(found.to_json()))


def many(random, version, rate, first, requests=300, cities=b"x"):
    """Requests of 4 rows whose clicks come as `rate` says, and the outcomes of these."""
    records, rows = [], []
    for number in range(first, first + requests):
        odds = random.random(4)
        clicks = random.random(4) < odds * rate
        city = cities[number % len(cities) :][:1]
        records.append(request(version, number, number // 3, odds * rate, seconds=1000 + number - first, city=city))
        rows += [(number, item, int(click), int(click)) for item, click in enumerate(clicks)]
    return records, rows


@pytest.fixture(scope="module")
def clicked_less():
    """Version 4 is clicked on half as often; each user has three requests."""
    random = np.random.default_rng(0)
    records, rows = many(random, 3, 0.8, 0)
    more, others = many(random, 4, 0.4, 300)
    return [*records, *more], outcomes([*rows, *others])


def test_what_is_shown_to_be_worse(tmp_path, clicked_less):
    rules = {"min_rows": 1000, "min_positives": 50, "not_worse": CanaryRules().not_worse}
    unknown = _without_user()
    found = compared(tmp_path, *clicked_less, rules, schemas=(unknown, unknown))
    assert found.status == "not_fulfilled" and found.unit == "requests"
    assert [reason for reason in found.reasons if reason.startswith("ctr outcome not shown to be worse")]
    one = next(each for each in found.differences if (each.output, each.metric) == ("ctr", "outcome"))
    # 1,200 rows each: the standard error of a share of .4 or .2 is .014 or .012, and of their difference .018.
    assert one.found.low < -0.2 < one.found.high and one.found.high - one.found.low == pytest.approx(
        4 * 0.018, abs=0.02
    )
    assert one.served_found.low < one.served < one.served_found.high
    unwanted = _without_user(score="-ctr")
    turned = compared(tmp_path / "b", *clicked_less, rules, schemas=(unwanted, unwanted))
    assert not [reason for reason in turned.reasons if reason.startswith("ctr outcome")]


def _without_user(**changes):
    content = {name: value for name, value in CONTENT.items() if name != "user_key"}
    columns = {**CONTENT["columns"], "user": {"kind": "id"}}
    return Schema.load({**content, "columns": columns, **changes})


def test_too_few_rows_are_said(tmp_path, clicked_less):
    rules = {"min_rows": 10_000, "not_worse": [{"metric": "auc", "by_more_than": 0}]}
    found = compared(tmp_path, *clicked_less, rules)
    assert found.status == "too_few_rows"
    assert found.sentence() == "too few rows to say anything of ctr, ctr_cvr, cvr"
    assert found.differences and not found.reasons


def test_requests_that_are_not_alike(tmp_path):
    random = np.random.default_rng(1)
    records, rows = many(random, 3, 0.8, 0, cities=b"xy")
    more, others = many(random, 4, 0.8, 300, cities=b"xxxy")
    found = compared(tmp_path, [*records, *more], outcomes([*rows, *others]))
    # Shares of .5 .5 and .75 .25, of 100 users each, and four bins: x, y, others and missing.
    index = 0.25 * np.log(1.5) - 0.25 * np.log(0.5)
    assert found.imbalance["city"] == pytest.approx(index - 3 * 2 / 100)
    [reason] = found.reasons
    assert reason.startswith("the requests of both are alike: no feature's index is 0.2 above chance: city 0.21")


def test_a_user_of_both_is_drawn_with_what_both_answered(tmp_path):
    # Each user has one request to each version, and is clicked on in both or in none.
    records, rows = [], []
    for user in range(60):
        for version, number in ((3, user), (4, 100 + user)):
            records.append(request(version, number, user, [0.5, 0.4]))
            rows += [(number, item, user % 2, 0) for item in range(2)]
    found = compared(tmp_path, records, outcomes(rows))
    outcome = next(one for one in found.differences if (one.output, one.metric) == ("ctr", "outcome"))
    assert (outcome.found.low, outcome.found.high) == (0, 0)
    assert outcome.served_found.high - outcome.served_found.low > 0.1


def test_what_both_answered_and_other_times_are_left_out(tmp_path):
    records = [
        request(3, 0, 1, [0.8], seconds=100),  # before version 4 was there
        *(request(3, number, number, [0.4, 0.2], seconds=200 + number) for number in range(1, 4)),
        *(request(4, number, number, [0.9, 0.1], seconds=200 + number) for number in range(3, 6)),
        request(3, 6, 6, [0.4], seconds=206),
    ]
    happened = outcomes([(number, 0, 1, 0) for number in range(7)])
    found = compared(tmp_path, records, happened)
    # Request 3 went to both; version 4 answered from second 203 to 205.
    assert (found.served.rows, found.candidate.rows) == (0, 4)
    assert found.status == "too_few_rows" and found.lacking == {"ctr", "cvr", "ctr_cvr"}
    [words] = [words for words in found.candidate.left_out if words.startswith("rows of both versions")]
    assert found.candidate.left_out[words] == 2 and found.served.left_out[words] == 8
    apart = [request(3, 1, 1, [0.4], seconds=100), request(4, 2, 1, [0.4], seconds=200)]
    with pytest.raises(DataError, match="versions 3 and 4 have at no time both answered"):
        compared(tmp_path / "apart", apart, happened)


def test_a_record_that_does_not_say_its_version_is_of_none(tmp_path):
    records = [request(3, 0, 1, [0.8]), request(4, 1, 2, [0.8]), request(None, 2, 3, [0.8])]
    found = compared(tmp_path, records, outcomes([(number, 0, 1, 1) for number in range(3)]))
    assert found.served.left_out["that do not say their version"] == 1 and found.served.rows == 1


def test_groups_and_other_labels(tmp_path):
    records = [request(3 + number % 2, number, number, [0.8, 0.3]) for number in range(8)]
    happened = outcomes([(number, 0, 1, 1) for number in range(8)])
    plans = happened.append_column("plan", pa.array([["free", "paid"][number // 4] for number in range(8)]))
    rules = {"not_worse": [{"metric": "auc", "by_more_than": 0.1, "groups": True}]}
    found = compared(tmp_path, records, plans, rules)
    assert figures(found, group="plan free")["score"][:2] == pytest.approx((0.8, 0.8))
    assert [check.rule for check in found.verdict.checks if "plan paid" in check.rule]
    other = Schema.load({**CONTENT, "tasks": {"ctr": {"label": "order"}, "cvr": CONTENT["tasks"]["cvr"]}})
    with pytest.raises(DataError, match="`ctr` of versions 3 and 4 is of other labels or conditions"):
        compared(tmp_path / "other", records, happened, schemas=(SCHEMA, other))


def test_the_defaults_are_about_what_is_shown_and_those_of_the_page():
    page = (Path(__file__).parents[3] / "docs" / "life.md").read_text()
    block = page.split("## The canary")[1].split("```yaml\n")[1].split("```")[0]
    assert CanaryRules.load(yaml.safe_load(block)) == CanaryRules()
    assert {rule.refuse for rule in CanaryRules().not_worse} == {"if_shown"}
    mine = CanaryRules.load({"not_worse": [{"metric": "outcome", "by_more_than": 0.01, "outputs": ["ctr"]}]})
    assert mine.not_worse == (NotWorse(metric="outcome", by_more_than=0.01, outputs=("ctr",)),)
