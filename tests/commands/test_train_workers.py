"""Calls of `tfelc train` with several workers that can never work, in one line each before anything is started."""

import json

import pytest

from tests.support.command import call

TWO = {"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}, "task": {"type": "worker", "index": 1}}


@pytest.mark.parametrize(
    ("arguments", "config", "message"),
    [
        (["--task", "click", "--workers", "0"], None, "--workers must be at least 1. Received: 0"),
        (["--task", "next_item", "--workers", "2"], None, "--workers: several workers train rankers alone; next_item"),
        (["--task", "next_item"], TWO, "TF_CONFIG: several workers train rankers alone; next_item"),
        (["--task", "click", "--workers", "2"], TWO, "--workers starts workers on this machine, and TF_CONFIG names"),
        (["--task", "click"], TWO, "--run is missing: the workers that TF_CONFIG names share a run folder"),
        (["--task", "click"], {**TWO, "task": {}}, "TF_CONFIG: `task` must be one of `cluster`"),
    ],
)
def test_it_is_refused(arguments, config, message, monkeypatch):
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    outcome = call("train", *arguments)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {message}") and outcome.err.count("\n") == 1


def test_the_processes_are_given_what_the_command_was(monkeypatch, tmp_path):
    given = {}

    def launch(count, arguments, go_on):
        given.update(count=count, arguments=arguments, go_on=go_on)

    monkeypatch.setattr("tfelc.lifecycle.training.workers.launch.launch", launch)
    options = ["--task", "a, b", "--data", "d", "--config", "c", "--set", "x=1", "--set", "y=2", "--from", "r"]
    assert call("train", *options, "--run", tmp_path / "run", "--workers", "3").code == 0
    path = str(tmp_path / "run")
    assert given["count"] == 3 and given["arguments"][:5] == ["train", "--task", "a, b", "--run", path]
    rest = given["arguments"][5:]
    assert sorted(zip(rest[::2], rest[1::2], strict=True)) == [
        ("--config", "c"),
        ("--data", "d"),
        ("--from", "r"),
        ("--set", "x=1"),
        ("--set", "y=2"),
    ]
    assert given["go_on"] == f"tfelc train --task 'a, b' --run {path} --workers 3 --resume"
