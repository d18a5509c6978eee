"""Options of the Spark engine, refused before anything starts; and what a failed job says in one line."""

import pytest

from tfelc.core.errors import DataError, ExportError, ScoringError, UsageError
from tfelc.data.spark.carried_error import carried_error, carrying
from tfelc.data.spark.session import open_session


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mastr", "x"], "no such option: --mastr; `engine` spark takes --master, --remote, --conf"),
        (["--master"], "--master: its value is missing"),
        (["--master", "nonsense"], "--master nonsense: write spark://HOST:PORT, yarn, k8s://URL, or local"),
        (["--conf=spark.executor.memory"], "--conf spark.executor.memory: write KEY=VALUE"),
    ],
)
def test_a_wrong_option_is_named(options, said):
    with pytest.raises(UsageError, match=said.replace("[", r"\[")):
        open_session(options)


@pytest.mark.parametrize(
    ("raised", "told"), [(ExportError, ExportError), (DataError, DataError), (UsageError, ScoringError)]
)
def test_an_error_of_a_worker_reaches_the_driver_as_one_line_that_names_the_worker(raised, told):
    with pytest.raises(RuntimeError) as carried, carrying():
        raise raised('models/1: "no"\nsuch <folder>')
    lines = f"Job aborted:\nTraceback (most recent call last):\n{carried.value}\n\tat org.apache.spark.api"
    found = carried_error(RuntimeError(lines))
    assert type(found) is told
    assert str(found).startswith("on worker ") and str(found).endswith(': models/1: "no" such <folder>')


def test_of_anything_else_the_last_words_are_told():
    lines = "An exception was thrown from the Python worker:\nTraceback:\n  File x\nMemoryError: no room\n"
    assert str(carried_error(RuntimeError(lines))) == "Spark: MemoryError: no room"
    assert isinstance(carried_error(RuntimeError("all masters are unresponsive")), ScoringError)
