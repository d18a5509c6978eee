"""Rules held against measurements that are made up."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tfelc.core.errors import ConfigError
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.publishing.measurements import Cost, Difference, JudgedOn, Measurements
from tfelc.lifecycle.publishing.page import verdict_page
from tfelc.lifecycle.publishing.rules import NotWorse, PublishRules, Within
from tfelc.lifecycle.publishing.verdict import judge

METRICS = ("auc", "gauc", "ne", "calibration", "nrmse", "sum_error")
COMPARED = ("auc", "gauc", "ne", "nrmse")
NAN = float("nan")


def _difference(low: float, high: float, metric: str = "auc", group: str = "all", **more: Any) -> Difference:
    found = BootstrapResult((low + high) / 2, low, high, 0.5, 1000)
    sign = {"auc": 1, "gauc": 1, "ne": -1}[metric]
    return Difference(**{
        **{"output": "ctr", "group": group, "metric": metric, "sign": sign, "rows": 5000, "share": 1.0},
        **{"served": 0.7, "candidate": 0.7, "found": found, **more},
    })  # fmt: skip


def _measured(*differences: Difference, **more: Any) -> Measurements:
    cost = Cost({1: 1.0, 256: 4.0}, 10.0)
    usual: dict[str, Any] = {
        "judged_on": {"ctr": JudgedOn(5000, 900)},
        "metrics": {"ctr": {"auc": 0.7, "calibration": 1.02}},
        "cost": cost,
        "served_cost": cost,
        "differences": differences or [_difference(0.001, 0.002)],
        "drift": {"ctr": 0.01},
    }
    return Measurements(**{**usual, **more})


def _reasons(rules: PublishRules, measured: Measurements, served: int | None = 3) -> list[str]:
    verdict = judge(rules, measured, served)
    assert verdict.published == (not verdict.reasons)
    return verdict.reasons


@pytest.mark.parametrize(
    ("refuse", "low", "high", "ok"),
    [
        ("unless_shown", -0.0009, 0.004, True),  # at its worst less than .001 worse
        ("unless_shown", -0.0011, 0.004, False),  # it may be .0011 worse
        ("if_shown", -0.0200, 0.004, True),  # it may be better, too
        ("if_shown", -0.0200, -0.0009, True),
        ("if_shown", -0.0200, -0.0011, False),  # it is worse, at best by .0011
        ("unless_shown", NAN, NAN, False),  # nothing is shown of it
        ("if_shown", NAN, NAN, True),
    ],
)
def test_not_worse_by_more_than_a_thousandth(refuse: Any, low: float, high: float, ok: bool) -> None:
    rules = PublishRules(not_worse=(NotWorse(metric="auc", by_more_than=0.001, refuse=refuse),))
    assert bool(_reasons(rules, _measured(_difference(low, high)))) != ok


def test_of_a_metric_that_is_better_when_smaller_the_upper_end_is_the_worst() -> None:
    rules = PublishRules(not_worse=(NotWorse(metric="ne", by_more_than=0.001),))
    assert _reasons(rules, _measured(_difference(-0.5, 0.0009, "ne"))) == []
    (reason,) = _reasons(rules, _measured(_difference(-0.4989, 0.0011, "ne")))
    assert reason == (
        "ctr ne shown to be not worse than served by more than 0.001: -0.2489 (-0.4989, +0.0011), 5,000 rows"
    )


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_shown_to_be_not_worse_is_never_shown_to_be_worse(low: float, width: float, margin: float) -> None:
    measured = _measured(_difference(low, low + width))
    strict, mild = (
        PublishRules(not_worse=(NotWorse(metric="auc", by_more_than=margin, refuse=refuse),))
        for refuse in ("unless_shown", "if_shown")
    )
    assert _reasons(strict, measured) or not _reasons(mild, measured)


def test_small_groups_and_those_that_say_nothing_are_passed_over() -> None:
    rules = PublishRules(not_worse=(NotWorse(metric="auc", by_more_than=0.01, groups=True, min_share=0.05),))
    whole = _difference(-0.9, -0.8)  # of all rows, which this rule is not about
    small = _difference(-0.9, -0.8, group="age 90", share=0.04)
    unknown = _difference(NAN, NAN, group="age 50", share=0.5)
    assert _reasons(rules, _measured(whole, small, unknown)) == []
    (reason,) = _reasons(rules, _measured(whole, replace(small, share=0.05)))
    assert reason.startswith("ctr auc in age 90 shown to be not worse than served by more than 0.01: -0.8500")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"judged_on": {"ctr": JudgedOn(999, 300)}},
            "ctr: judged on 1,000 rows at least, 50 of each outcome: 999 rows",
        ),
        ({"judged_on": {"ctr": JudgedOn(5000, 4951)}}, "ctr: judged on 1,000 rows at least, 50 of each outcome: 5,000"),
        ({"metrics": {"ctr": {"calibration": 1.3}}}, "ctr calibration at least 0.8 and at most 1.25: 1.3000"),
        ({"metrics": {"ctr": {"calibration": NAN}}}, "ctr calibration at least 0.8 and at most 1.25: not defined"),
        ({"drift": {"ctr": 0.3}}, "ctr scores drift by 0.25 at most: 0.3000"),
        ({"drift": {"ctr": NAN}}, "ctr scores drift by 0.25 at most: not defined"),
        ({"cost": Cost({1: 2.1, 256: 4.0}, 10.0)}, "a request of 1 rows takes 2 times as long at most: 2.10 ms"),
        ({"cost": Cost({1: 1.0, 256: 4.0}, 21.0)}, "2 times as large at most: 21.0 MB, served 10.0 MB"),
        ({"new_inputs": ["mood"]}, "asks for no other inputs than served: asks for mood"),
        ({"lost_outputs": ["cvr"]}, "gives all the outputs of the served one: lacks cvr"),
    ],
)
def test_each_rule_that_is_shipped_can_refuse(more: dict[str, Any], reason: str) -> None:
    assert _reasons(PublishRules(), _measured()) == []
    (found,) = _reasons(PublishRules(), _measured(**more))
    assert found.startswith(reason)


def test_nothing_compared_is_nothing_shown() -> None:
    measured = replace(_measured(), differences=[])
    assert _reasons(PublishRules(), measured) == ["shares outputs with the served one: none"]
    only = PublishRules(not_worse=(NotWorse(metric="auc", by_more_than=0.1, outputs=("cvr",)),))
    assert _reasons(only, _measured()) == ["cvr auc not worse than served: is no output of both versions"]


def test_the_first_version_is_judged_by_itself() -> None:
    first = _measured(served_cost=None)
    first = replace(first, differences=[], drift={})
    assert _reasons(PublishRules(), first, served=None) == []
    bad = replace(first, metrics={"ctr": {"calibration": 3.0}})
    assert len(_reasons(PublishRules(), bad, served=None)) == 1


def test_rules_are_strict(tmp_path: Path) -> None:
    def refused(text: str) -> str:
        (tmp_path / "rules.yaml").write_text(text)
        with pytest.raises(ConfigError) as found:
            PublishRules.of(tmp_path / "rules.yaml", METRICS, COMPARED)
        return str(found.value)

    assert "min_row" in refused("min_row: 5")
    assert "`not_worse.0.refuse`" in refused("not_worse: [{metric: auc, by_more_than: 0, refuse: never}]")
    assert "a rule under `not_worse` is about `calibration`; there it is one of auc, gauc, ne, nrmse" in refused(
        "not_worse: [{metric: calibration, by_more_than: 0.1}]"
    )
    assert "a rule under `within` is about `acu`" in refused("within: [{metric: acu, at_least: 0.5}]")
    assert "sets neither `at_least` nor `at_most`" in refused("within: [{metric: auc}]")
    (tmp_path / "rules.yaml").write_text("min_rows: 10\nwithin: [{metric: auc, at_least: 0.6}]\n")
    rules = PublishRules.of(tmp_path / "rules.yaml", METRICS, COMPARED)
    assert rules.min_rows == 10 and rules.within == (Within(metric="auc", at_least=0.6),)
    assert rules.not_worse == PublishRules().not_worse


def test_the_page_of_docs_holds_the_rules_that_are_shipped() -> None:
    page = (Path(__file__).parents[3] / "docs" / "life.md").read_text()
    (block,) = [part.split("```")[0] for part in page.split("```yaml\n")[1:] if "min_rows" in part]
    assert PublishRules.load(yaml.safe_load(block)) == PublishRules()


def test_verdict_and_page_say_why() -> None:
    measured = _measured(_difference(-0.02, -0.01), _difference(NAN, NAN, group="<b>"))
    verdict = judge(PublishRules(), measured, 3)
    content = verdict.to_json()
    assert (content["published"], content["served"], len(content["reasons"])) == (False, 3, 1)
    page = verdict_page(verdict, "runs <1>", "f" * 64, "tfelc publish")
    assert "refused" in page and "beside version 3" in page and "&lt;b&gt;" in page and "<b>" not in page
    assert "-0.0150 (-0.0200, -0.0100)" in page
