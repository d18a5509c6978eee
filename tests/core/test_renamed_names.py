"""Old names in files are read as the new ones, and said once."""

import copy
import subprocess
import sys

import pytest

from tfelc.core.errors import UsageError
from tfelc.core.renamed_names import Rename, RenamedWarning, with_new_names


def _read(content, *renames, where):
    """The renamed content, and the warnings' texts."""
    with pytest.warns() as told:
        renamed = with_new_names(content, renames, where)
    assert all(warning.category is RenamedWarning for warning in told)
    return renamed, [str(warning.message) for warning in told]


def test_a_key_moves_with_its_value_and_the_rest_stays():
    content = {"model": {"clusters": {"count": 3, "dim": 8}}, "seed": 1}
    before = copy.deepcopy(content)
    renamed, told = _read(content, Rename("model.clusters.count", "model.clusters.num_clusters"), where="moves.yaml")
    assert renamed == {"model": {"clusters": {"dim": 8, "num_clusters": 3}}, "seed": 1}
    assert told == [
        "moves.yaml: `model.clusters.count` is now `model.clusters.num_clusters`",
    ]
    assert content == before


def test_a_star_stands_for_any_key_and_one_line_names_the_first():
    tasks = {"tasks": {"cvr": {"given": "ctr"}, "like": {"label": "y"}, 7: {"given": None}}}
    renamed, told = _read(tasks, Rename("tasks.*.given", "tasks.*.conditioned_on"), where="star.yaml")
    assert renamed == {"tasks": {"cvr": {"conditioned_on": "ctr"}, "like": {"label": "y"}, 7: {"conditioned_on": None}}}
    assert told == ["star.yaml: `tasks.cvr.given` is now `tasks.cvr.conditioned_on`"]


def test_stars_are_filled_in_order_and_keys_may_hold_dots():
    content = {"a.b": {"x": {"old": 1}}}
    assert _read(content, Rename("*.*.old", "new.*.*"), where="order.yaml")[0] == {"new": {"a.b": {"x": 1}}}


def test_a_key_goes_to_another_group_and_leaves_no_empty_one():
    renamed, _ = _read(
        {"training": {"stopping": {"patience": 2}, "epochs": 1}, "model": {"dim": 4}},
        Rename("training.stopping.patience", "early_stopping.patience"),
        Rename("model.dim", "dim"),
        where="groups.yaml",
    )
    assert renamed == {"training": {"epochs": 1}, "early_stopping": {"patience": 2}, "dim": 4}


def test_groups_keep_their_order():
    renamed, _ = _read(
        {"tasks": {"cvr": {"given": "ctr"}, "ctr": {"weight": 2}}},
        Rename("tasks.*.given", "tasks.*.conditioned_on"),
        where="order_of_groups.yaml",
    )
    assert list(renamed["tasks"]) == ["cvr", "ctr"]


def test_a_whole_group_is_renamed_and_later_renames_meet_the_new_name():
    renames = [Rename("clusters", "groups"), Rename("groups.count", "groups.number")]
    renamed, told = _read({"clusters": {"count": 3}}, *renames, where="chain.yaml")
    assert renamed == {"groups": {"number": 3}}
    assert told == ["chain.yaml: `clusters` is now `groups`, `groups.count` is now `groups.number`"]


def test_values_are_renamed_alone_with_their_key_and_inside_lists():
    space = Rename("tasks.*.space", "tasks.*.space", {"given": "conditional"})
    renamed, told = _read({"tasks": {"a": {"space": "entire"}, "b": {"space": "given"}}}, space, where="values.yaml")
    assert renamed == {"tasks": {"a": {"space": "entire"}, "b": {"space": "conditional"}}}
    assert told == ["values.yaml: `tasks.b.space: given` is now `tasks.b.space: conditional`"]
    renamed, told = _read(
        {"feed": ["center", "assignment"], "start": {"k": 1}},
        Rename("feed", "gate_inputs", {"center": "nearest"}),
        Rename("start", "start", {"kmeans": "k_means"}),
        where="lists.yaml",
    )
    assert renamed == {"start": {"k": 1}, "gate_inputs": ["nearest", "assignment"]}
    assert len(told) == 1


def test_new_names_and_other_shapes_pass_without_a_word(recwarn):
    renames = [Rename("a.b", "a.c", {"x": "y"}), Rename("s", "s", {"x": "y"})]
    for content in ({}, {"a": {"c": "x"}}, {"a": 3}, {"a": None}, {"a": [{"b": 1}]}, {"s": "z"}):
        assert with_new_names(content, renames, "plain.yaml") == content
    assert not recwarn.list


def test_an_old_and_a_new_name_together_are_an_error():
    rename = Rename("tasks.*.given", "tasks.*.conditioned_on")
    content = {"tasks": {"a": {"given": "x"}, "b": {"given": "x", "conditioned_on": "x"}}}
    message = r"^both.yaml: `tasks.b.given` is the old name of `tasks.b.conditioned_on`: leave one of the two out$"
    with pytest.raises(UsageError, match=message):
        with_new_names(content, [rename], "both.yaml")


def test_a_value_where_the_new_name_needs_a_group_is_an_error():
    with pytest.raises(UsageError, match="`a` is a value, but `a.b` needs a group"):
        with_new_names({"a": 3, "b": 4}, [Rename("b", "a.b")], "value.yaml")


def test_the_same_file_is_warned_of_once_and_another_one_again(recwarn):
    rename = [Rename("old", "new")]
    for where in ("once.yaml", "once.yaml", "twice.yaml"):
        assert with_new_names({"old": 1}, rename, where) == {"new": 1}
    # What was not said of the file before is said alone.
    both = [*rename, Rename("a", "b")]
    assert with_new_names({"old": 1, "a": 2}, both, "once.yaml") == {"new": 1, "b": 2}
    assert [str(warning.message) for warning in recwarn] == [
        "once.yaml: `old` is now `new`",
        "twice.yaml: `old` is now `new`",
        "once.yaml: `a` is now `b`",
    ]


def test_a_command_says_it_in_one_line_on_stderr():
    program = (
        "from tfelc.core.command_line import run\n"
        "from tfelc.core.renamed_names import Rename, with_new_names\n"
        "rename = [Rename('given', 'conditioned_on')]\n"
        "run(lambda: [with_new_names({'given': 1}, rename, 'a.yaml') for _ in range(2)])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == "warning: a.yaml: `given` is now `conditioned_on`\n"
