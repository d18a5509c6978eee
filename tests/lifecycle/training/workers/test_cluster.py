"""What `TF_CONFIG` says, and what is told of one that says it wrongly."""

import json

import pytest

from tfelc.core.errors import UsageError
from tfelc.lifecycle.training.workers.cluster import Cluster

TWO = ["a:1", "b:2"]


def read(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return Cluster.from_environment({"TF_CONFIG": text})


def test_ranks_count_the_chief_first():
    worker = {"type": "worker", "index": 1}
    assert read({"cluster": {"worker": TWO}, "task": worker}) == Cluster(("a:1", "b:2"), 1)
    cluster = read({"cluster": {"worker": TWO, "chief": ["c:3"]}, "task": worker})
    assert cluster == Cluster(("c:3", "a:1", "b:2"), 2) and not cluster.is_chief
    assert read({"cluster": {"worker": TWO, "chief": ["c:3"]}, "task": {"type": "chief", "index": 0}}).is_chief


def test_an_index_may_be_text_as_the_shell_writes_it():
    assert read({"cluster": {"worker": TWO}, "task": {"type": "worker", "index": "1"}}).rank == 1


@pytest.mark.parametrize("text", ["", " ", "{}", '{"cluster": {}}'])
def test_nothing_is_named(text):
    assert read(text) is None
    assert Cluster.from_environment({}) is None


def test_a_process_alone_is_no_cluster():
    assert read({"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}}) is None


def test_what_it_writes_it_reads():
    cluster = Cluster(("a:1", "b:2", "c:3"), 2)
    assert read(cluster.to_text()) == cluster


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON"),
        ("[]", "has no `cluster`"),
        ({"task": {}}, "has no `cluster`"),
        ({"cluster": {"worker": TWO, "ps": ["c:3"]}, "task": {}}, "has `ps`"),
        ({"cluster": {"worker": "a:1"}, "task": {}}, "must be a list of host:port"),
        ({"cluster": {"worker": ["a:1", "b"]}, "task": {}}, "must be a list of host:port"),
        ({"cluster": {"worker": ["a:1", "b:99999"]}, "task": {}}, "must be a list of host:port"),
        ({"cluster": {"worker": ["a:1", "a:1"]}, "task": {}}, "name each process once"),
        ({"cluster": {"worker": [], "chief": []}, "task": {}}, "name each process once"),
        ({"cluster": {"worker": ["a:1"], "chief": TWO}, "task": {}}, "must name one process"),
        ({"cluster": {"worker": TWO}}, "`task` must be one of `cluster`"),
        ({"cluster": {"worker": TWO}, "task": {"type": "worker", "index": 2}}, "`task` must be one of `cluster`"),
        ({"cluster": {"worker": TWO}, "task": {"type": "worker", "index": True}}, "`task` must be one of `cluster`"),
        ({"cluster": {"worker": TWO}, "task": {"type": "chief", "index": 0}}, "`task` must be one of `cluster`"),
        ({"cluster": {"worker": TWO}, "task": "worker"}, "`task` must be one of `cluster`"),
    ],
)
def test_what_is_malformed_is_named(content, words):
    with pytest.raises(UsageError, match="^TF_CONFIG: ") as caught:
        read(content)
    assert words in str(caught.value) and "\n" not in str(caught.value)
