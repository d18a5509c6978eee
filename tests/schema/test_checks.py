"""Every contradiction in a schema is one line that names the thing."""

from typing import Any

import pytest
import yaml

from tfelc.core.errors import SchemaError
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import absent_outputs

_WHOLE = """
name: shop
user_key: user_id
tables:
  item: {}
columns:
  clicked: {kind: label}
  bought: {kind: label}
  user_id: {kind: id}
  seen: {kind: list, role: user, table: item}
  item_id: {kind: category, role: item, table: item}
  price: {kind: number, role: item}
tasks:
  click: {label: clicked}
  buy: {label: bought, conditioned_on: click}
"""


def _changed(*changes: str) -> dict[str, Any]:
    """The content after changes such as `columns.price.default: many`."""
    content: dict[str, Any] = yaml.safe_load(_WHOLE)
    for change in changes:
        path, value = next(iter(yaml.safe_load(change).items()))
        *parents, last = path.split(".")
        place: dict[str, Any] = content
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return content


def _fault(*changes: str) -> str:
    """What `Schema.parse` says after changes."""
    with pytest.raises(SchemaError) as error:
        Schema.parse(_changed(*changes), "shop.yaml")
    message = str(error.value)
    assert message.startswith("shop.yaml: ") and "\n" not in message and error.value.exit_code == 2
    return message.removeprefix("shop.yaml: ")


def test_the_unchanged_schema_is_sound() -> None:
    assert list(Schema.parse(yaml.safe_load(_WHOLE), "shop.yaml").features) == ["seen", "item_id", "price"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        # The mapping itself.
        ("hue: red", "`hue`: no such key; it is one of name, columns, tasks, tables, user_key, split"),
        ("taks: {}", "`taks`: no such key; did you mean `tasks`?"),
        ("columns.price.rol: user", "`columns.price.rol`: no such key; did you mean `role`?"),
        ("tables.item.min_cuont: 3", "`tables.item.min_cuont`: no such key; did you mean `min_count`?"),
        ("tasks.buy.condition_on: click", "`tasks.buy.condition_on`: no such key; did you mean `conditioned_on`?"),
        ("split.validaton: 0.1", "`split.validaton`: no such key; did you mean `validation`?"),
        ("columns.price.color: red", "`columns.price.color`: no such key; it is one of kind, role, type"),
        (
            "columns.price.kind: nubmer",
            "`columns.price.kind`: must be one of number, category, list, vector, label, group, id, weight, timestamp, "
            "value, event_time. "
            "Received: 'nubmer'; did you mean `number`?",
        ),
        (
            "columns.price.role: seller",
            "`columns.price.role`: must be one of user, activity, item, context, bias. Received: 'seller'",
        ),
        ("columns.price.kind: null", "`columns.price.kind`: "),
        ("columns: null", "`columns`: must be a mapping of names to values. Received: None"),
        ("tasks.click.weight: 0", "`tasks.click.weight`: must be above 0. Received: 0"),
        ("tasks.click.weight: .nan", "`tasks.click.weight`: must be a finite number. Received: nan"),
        # A column in itself.
        ("columns.price.role: null", "`columns.price`: a feature needs a `role`, one of user, activity"),
        ("columns.clicked.role: user", "`columns.clicked`: a column of kind `label` takes no `role`"),
        ("columns.clicked.type: string", "`columns.clicked`: a column of kind `label` takes no `type`"),
        ("columns.clicked.default: 0", "`columns.clicked`: a column of kind `label` takes no `default`"),
        ("columns.price.table: item", "`columns.price`: a column of kind `number` takes no `table`"),
        ("columns.price.max_length: 3", "`columns.price`: a column of kind `number` takes no `max_length`"),
        ("columns.item_id.max_length: 3", "`columns.item_id`: a column of kind `category` takes no `max_length`"),
        ("columns.item_id.buckets: 3", "`columns.item_id`: a column of kind `category` takes no `buckets`"),
        ("columns.seen.transform: log", "`columns.seen`: a column of kind `list` takes no `transform`"),
        ("columns.seen.max_length: 0", "`columns.seen.max_length`: "),
        ("columns.price.buckets: -1", "`columns.price.buckets`: "),
        ("columns.item_id.type: float", "`columns.item_id`: a category is of type `string` or `integer`"),
        ("columns.price.type: string", "`columns.price`: a number is of type `float` or `integer`"),
        ("columns.price.default: many", "`columns.price`: `default` must be of type float. Received: 'many'"),
        ("columns.price.default: .nan", "columns.price.default"),
        ("columns.price.default: .inf", "columns.price.default"),
        ("columns.item_id.default: 3", "`columns.item_id`: `default` must be of type string. Received: 3"),
        (
            "columns.visits: {kind: number, role: user, type: integer, default: 0.5}",
            "`default` must be of type integer",
        ),
        # Tables.
        ("columns.item_id.table: goods", "column `item_id`: table `goods` is not declared under `tables`"),
        ("columns.item_id.type: integer", "table `item`: its columns must agree in type and in `default`"),
        ("columns.item_id.default: none", "table `item`: its columns must agree in type and in `default`"),
        ("columns.item: {kind: category, role: item, type: integer}", "table `item`: its columns must agree in type"),
        ("columns.item: {kind: number, role: item, buckets: 4}", "table `item` is that of the number `item`"),
        ("tables.item.min_count: 0", "`tables.item.min_count`: "),
        ("tables.item: {hash_buckets: 9, values: [a]}", "`tables.item`: `hash_buckets` excludes `values`"),
        ("tables.item: {hash_buckets: 9, min_count: 2}", "`tables.item`: `hash_buckets` excludes `values`"),
        ("tables.item: {values: [a], max_size: 2}", "`tables.item`: `values` excludes `max_size`"),
        ("tables.item: {values: []}", "`tables.item.values`: "),
        ("tables.item: {values: [a, b, a]}", "`tables.item`: `values` holds 'a' twice"),
        ("tables.item: {values: [a, 1]}", "table `item`: `values` must be of type string. Received: 1"),
        ("tables.item: {values: [a, '']}", "table `item`: '' stands for a missing value"),
        # Tasks.
        ("tasks: {}", "no task is declared"),
        ("tasks.click.label: click", "task `click`: `click` is not a column of kind `label`"),
        ("tasks.click.label: price", "task `click`: `price` is not a column of kind `label`"),
        ("tasks.buy.conditioned_on: view", "task `buy`: `conditioned_on: view` is not another task"),
        ("tasks.buy.conditioned_on: buy", "task `buy`: `conditioned_on: buy` is not another task, or goes in a circle"),
        (
            "tasks.click.conditioned_on: buy",
            "task `click`: `conditioned_on: click` is not another task, or goes in a circle",
        ),
        ("tasks.click.space: entire", "`tasks.click`: `joint` and `space: entire` need `conditioned_on`"),
        ("tasks.click.joint: both", "`tasks.click`: `joint` and `space: entire` need `conditioned_on`"),
        # The rest.
        ("columns: {clicked: {kind: label}, bought: {kind: label}, user_id: {kind: id}}", "no column is a feature"),
        ("user_key: buyer", "`user_key: buyer` is not a column"),
        ("user_key: seen", "`user_key: seen` is not a column of kind `id` or `category`"),
        ("split.by: time", "`split: by: time` needs a column of kind `timestamp`"),
        ("split.by: column", "`split`: `by: column` and `column` go together"),
        ("split.column: fold", "`split`: `by: column` and `column` go together"),
        ("split: {validation: 0.5, test: 0.5}", "`split`: `validation` + `test` must leave rows for training"),
        ("split.test: 0", "`split.test`: "),
    ],
)
def test_a_contradiction(change: str, fault: str) -> None:
    assert fault in _fault(change)


def test_contradictions_of_two_parts() -> None:
    assert "`weight`" in _fault("columns.w1: {kind: weight}", "columns.w2: {kind: weight}")
    assert "`timestamp`" in _fault("columns.t1: {kind: timestamp}", "columns.t2: {kind: timestamp}")
    assert _fault("user_key: null", "split.by: user") == "`split: by: user` needs `user_key`"
    whole_numbers = "columns.day: {kind: category, role: context, type: integer, table: days}"
    assert "type integer. Received: 'mon'" in _fault(whole_numbers, "tables.days: {values: [0, mon]}")
    assert "-1 stands for a missing value" in _fault(whole_numbers, "tables.days: {values: [-1, 0]}")


@pytest.mark.parametrize("content", [None, [], "columns", 3])
def test_what_is_no_mapping(content: object) -> None:
    with pytest.raises(SchemaError, match="^shop.yaml: [^\n]*$"):
        Schema.parse(content, "shop.yaml")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (["tasks.click.kind: watch_time"], "task `click`: `clicked` is not a column of kind `value`, as one of kind"),
        (["tasks.click.levels: [0, 1]"], "`tasks.click`: a task of kind `ordinal` needs `levels`, the values"),
        (
            ["tasks.pay: {label: paid, kind: ordinal}"],
            "`tasks.pay`: a task of kind `ordinal` needs `levels`, the",
        ),
        (["tasks.pay: {label: paid, kind: ordinal, levels: [1]}"], "`levels` must be two numbers or more, each above"),
        (["tasks.pay: {label: paid, kind: ordinal, levels: [1, 3, 2]}"], "`levels` must be two numbers or more, each"),
        (["tasks.pay: {label: paid, kind: ordinal, levels: [1, .inf]}"], "`tasks.pay.levels.1`: "),
        (["tasks.click.scale: log"], "`tasks.click`: a task of kind `binary` takes no `scale`"),
        (["tasks.click.weight: clicked"], "task `click`: `clicked` is not a column of kind `weight`"),
        (["tasks.click.weight: a", "tasks.click.row_weight: b"], "`weight` and `row_weight` name two columns"),
        (["columns.price.nullable: true"], "`columns.price`: a column of kind `number` takes no `nullable`"),
        (
            [
                "columns.paid: {kind: value}",
                "tasks.pay: {label: paid, kind: regression, conditioned_on: click, space: entire}",
            ],
            "`tasks.pay`: a task of kind `regression` takes no `space: entire`",
        ),
        (
            [
                "columns.paid: {kind: value}",
                "tasks.pay: {label: paid, kind: regression}",
                "tasks.late: {label: clicked, conditioned_on: pay}",
            ],
            "task `late`: `conditioned_on: pay` predicts a value, which is no condition",
        ),
    ],
)
def test_contradictions_of_values_and_weights(changes: list[str], fault: str) -> None:
    assert fault in _fault(*changes)


def test_each_task_may_name_a_weight_of_its_own() -> None:
    weights = ["columns.w1: {kind: weight}", "columns.w2: {kind: weight}", "tasks.click.weight: w2"]
    schema = Schema.parse(_changed(*weights), "shop.yaml")
    assert schema.row_weights["click"] == "w2"
    assert Schema.parse(yaml.safe_load(schema.dump()), "again") == schema


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (["score: click * bye"], "`score` click * bye: no output `bye`; there are click, buy, click_buy"),
        (["score: click *"], "`score` click *: not a formula"),
        (["score: click / 0"], "`score` click / 0: is a finite number for no output"),
        (["score: log(click_buy - 2)"], "`score` log(click_buy - 2): is a finite number for no output"),
        (["score: 7"], "`score`: "),
        (["score: click.real"], "`score` click.real: only outputs, numbers"),
        (["score: click", "tasks.score: {label: clicked}"], "output `score` is that of `score`, too"),
        (
            ["score: click", "columns.K: {kind: number, role: item}"],
            "column `K`: where there is a `score`, a ranking takes `k`",
        ),
    ],
)
def test_contradictions_of_a_score(changes: list[str], fault: str) -> None:
    assert fault in _fault(*changes)


def test_a_score_may_use_every_output() -> None:
    schema = Schema.parse(_changed("score: click_buy ** 0.5 - 2 * click + log(buy)"), "shop.yaml")
    assert absent_outputs(schema.score, schema.tasks, ["click", "buy"]) == []
    assert absent_outputs(schema.score, schema.tasks, ["buy"]) == ["click", "click_buy"]
    assert Schema.parse(yaml.safe_load(schema.dump()), "again").hash() == schema.hash()
