from typing import Any

import pytest

from tests.support.late_log import late_schema
from tfelc.core.errors import SchemaError
from tfelc.schema.schema import Schema

DELAY = {"event_time": "ordered_at", "window": 7}


def _content(**tasks: Any) -> dict[str, Any]:
    content = late_schema().model_dump(mode="json", exclude_defaults=True)
    return {**content, "tasks": {**content["tasks"], **tasks}}


def _fault(content: dict[str, Any]) -> str:
    with pytest.raises(SchemaError) as error:
        Schema.load(content)
    return str(error.value)


def test_a_label_that_comes_late_is_known_by_its_task() -> None:
    schema = late_schema("weight")
    assert {label: delay.window for label, delay in schema.delays.items()} == {"order": 7}
    assert schema.delays["order"].microseconds == 7 * 86_400_000_000
    assert schema.nullable_labels == {"order"}
    assert schema.only(["click", "visits"]).delays == {}


def test_a_schema_comes_back_from_its_dump_and_one_without_delays_keeps_its_hash() -> None:
    schema = late_schema("weight")
    again = Schema.load(schema.model_dump(mode="json", exclude_defaults=True))
    assert again == schema and again.hash() == schema.hash() != late_schema("drop").hash()
    plain = _content(cvr={"label": "order", "conditioned_on": "ctr"})
    assert "delay" not in Schema.load(plain).dump()
    # As it was before there were delays.
    content = {
        "name": "a",
        "columns": {"click": {"kind": "label"}, "x": {"kind": "number", "role": "item"}},
        "tasks": {"ctr": {"label": "click"}},
    }
    assert Schema.load(content).hash() == HASH_WITHOUT


HASH_WITHOUT = "df7366d4bc5c73a7f456287f82f56f00640e5b93d27529f0b88e0378fd1ac8f0"


@pytest.mark.parametrize(
    ("task", "fault"),
    [
        (
            {**DELAY, "event_time": "orderd_at"},
            "`delay.event_time: orderd_at` is not a column of kind `event_time`; did",
        ),
        ({**DELAY, "event_time": "time"}, "`delay.event_time: time` is not a column of kind `event_time`"),
        ({**DELAY, "window": 0}, "`tasks.cvr.delay.window`"),
        ({**DELAY, "immature": "keep"}, "must be one of drop, weight"),
    ],
)
def test_a_delay_that_cannot_be(task: dict[str, Any], fault: str) -> None:
    assert fault in _fault(_content(cvr={"label": "order", "conditioned_on": "ctr", "delay": task}))


def test_delays_must_fit_each_other_and_what_else_reads_the_label() -> None:
    other = {"label": "order", "delay": {**DELAY, "window": 3}}
    assert "tasks `buy` and `cvr` have one label, `order`, and must have one `delay`" in _fault(_content(buy=other))
    content = _content()
    content["columns"]["order"]["nullable"] = True
    assert "takes no `nullable: true` besides" in _fault(content)
    content = _content()
    del content["columns"]["time"]
    assert "a column of kind `timestamp` is needed" in _fault(content)
    content = {**_content(), "aggregates": {"orders": {"by": "user", "compute": "count", "where": "order"}}}
    assert "aggregate `orders`: `order` comes up to 7 days after its row" in _fault(content)
    assert "set its `delay` to 10080 minutes at least" in _fault(content)
    content["aggregates"]["orders"]["delay"] = 10_080
    assert Schema.load(content).aggregates["orders"].delay == 10_080


def test_weights_do_not_tell_apart_which_of_two_late_outcomes_is_missing() -> None:
    content = _content(refund={"label": "refunded", "conditioned_on": "cvr"})
    content["columns"]["refunded"] = {"kind": "label"}
    assert Schema.load(content).delays.keys() == {"order"}
    content["tasks"]["cvr"]["delay"]["immature"] = "weight"
    assert "task `refund`: `delay.immature: weight` is of an outcome that alone comes late, and `cvr`" in _fault(
        content
    )


def test_a_quantity_has_no_delay() -> None:
    content = _content(spent={"label": "money", "kind": "lifetime_value", "delay": DELAY})
    content["columns"]["money"] = {"kind": "value"}
    assert "a task of kind `lifetime_value` takes no `delay`" in _fault(content)


def test_of_young_rows_no_negatives_can_be_left_out() -> None:
    content = _content(like={"label": "order", "delay": DELAY, "negatives_kept": 0.1})
    assert "a task with `delay` takes no `negatives_kept`: of young rows it is not known which are 0" in _fault(content)
