"""Tasks without anything to learn from, or to be judged by: each is refused or warned of by name."""

import pyarrow as pa
import pytest

from tests.support.schema_of import schema_of
from tfelc.core.errors import DataError
from tfelc.ranker.data.outcome_checks import outcome_warnings, refuse_unlearnable, unknown_labels
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.schema.task_chain import select_tasks

ALL = {"y": [0, 1, 1], "z": [0, 1, 0], "w": [1.0, 0.5, 2.0]}


class Splits:
    """Rows of three splits; those that a test leaves out are `ALL`."""

    def __init__(self, **splits):
        self.splits = {name: {**ALL, **splits.get(name, {})} for name in ("train", "validation", "test")}

    def tables(self, split, columns):
        values = {**{"v": [1.0, 1.0, 1.0]}, **self.splits[split]}
        yield pa.table({name: values[name] for name in columns})


SCHEMA = schema_of(
    {"z": {"kind": "label"}, "w": {"kind": "weight"}, "x": {"kind": "number", "role": "user"}},
    tasks={"ctr": {"label": "y"}, "cvr": {"label": "z", "conditioned_on": "ctr"}},
)
HEADS = ["ctr", "cvr"]


def refused(splits, schema=SCHEMA, heads=HEADS, **tasks):
    with pytest.raises(DataError) as failure:
        refuse_unlearnable(splits, schema, select_tasks(schema, heads, tasks), heads)
    return str(failure.value)


def warnings(splits, heads=HEADS):
    return list(outcome_warnings(splits, SCHEMA, select_tasks(SCHEMA, heads, {}), heads))


def test_a_sound_table_is_neither_refused_nor_warned_of():
    refuse_unlearnable(Splits(), SCHEMA, select_tasks(SCHEMA, HEADS, {}), HEADS)
    assert warnings(Splits()) == []


def test_a_task_without_a_row_to_learn_from_is_refused():
    no_click = Splits(train={"y": [0, 0, 0]})
    assert refused(no_click, heads=["cvr"]) == "task `cvr`: no row of the training split has `y`"
    weightless = Splits(train={"w": [1.0, 0.0, 0.0]})
    assert refused(weightless) == "task `cvr`: no row of the training split has `y` and a weight above 0"


def test_a_task_over_the_entire_space_learns_from_every_row():
    from tfelc.schema.task_settings import TaskSettings

    entire = select_tasks(SCHEMA, HEADS, {"cvr": TaskSettings(space="entire")})
    refuse_unlearnable(Splits(train={"y": [0, 0, 0]}), SCHEMA, entire, HEADS)


def test_weights_of_zero_are_refused_in_training_and_named_elsewhere():
    nothing = {"w": [0.0, 0.0, 0.0]}
    assert refused(Splits(train=nothing)) == "weight `w`: the weights of the training split are all 0"
    assert warnings(Splits(validation=nothing)) == ["weight `w`: the weights of the validation split are all 0"]


def test_an_outcome_that_is_always_the_same_is_named_with_its_split():
    assert warnings(Splits(validation={"z": [0, 0, 0]})) == [
        "task `cvr`: no row of the validation split with `y` has `z`; its AUC is not defined there"
    ]
    assert warnings(Splits(train={"y": [1, 1, 1]}), ["ctr"]) == [
        "task `ctr`: every row of the train split has `y`; there is nothing to tell apart"
    ]
    assert warnings(Splits(test={"y": [0, 0, 0]}))[1:] == ["task `cvr`: no row of the test split has `y`"]


SURVEY = schema_of(
    {
        "z": {"kind": "label", "nullable": True},
        "v": {"kind": "weight"},
        "w": {"kind": "weight"},
        "x": {"kind": "number", "role": "user"},
    },
    tasks={"ctr": {"label": "y"}, "happy": {"label": "z", "weight": "v"}},
)


def test_what_is_not_known_is_counted_and_a_task_that_knows_nothing_is_refused():
    tasks = select_tasks(SURVEY, ["ctr", "happy"], {})
    some = Splits(train={"z": [None, 1, 0], "v": [1.0, 1.0, 0.0]})
    refuse_unlearnable(some, SURVEY, tasks, ["ctr", "happy"])
    assert list(unknown_labels(some, SURVEY, tasks, ["ctr", "happy"])) == [
        "task `happy`: label `z` is not known in 1 of 3 train rows, which it leaves out"
    ]
    nothing = pa.array([None] * 3, pa.int8())
    v = [1.0, 1.0, 1.0]
    assert refused(Splits(train={"z": nothing, "v": v}), SURVEY, ["happy"]) == (
        "task `happy`: no row of the training split has a known `z`"
    )
    assert refused(Splits(train={"z": [None, None, 0], "v": [1.0, 1.0, 0.0]}), SURVEY, ["happy"]) == (
        "task `happy`: no row of the training split has a known `z` and a weight above 0"
    )
    assert refused(Splits(train={"v": [0.0] * 3}), SURVEY, ["happy"]) == (
        "weight `v`: the weights of the training split are all 0"
    )


def test_a_task_has_its_own_weights_or_those_of_all():
    assert SURVEY.row_weights == {"ctr": "w", "happy": "v"}
    found = Outcomes.read(Splits(train={"v": [3.0, 4.0, 5.0]}), SURVEY, SURVEY.tasks, "train")
    assert {name: each.tolist() for name, each in found.weights.items()} == {
        "ctr": ALL["w"],
        "happy": [3.0, 4.0, 5.0],
    }
