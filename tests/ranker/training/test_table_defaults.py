"""What `auto` comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.schema_of import schema_of
from tfelc.core.auto import AUTO
from tfelc.core.errors import ConfigError
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.table_defaults import LARGE, resolved_settings, table_defaults
from tfelc.ranker.without_auto import BEFORE, without_auto

SCHEMA = schema_of({"x": {"kind": "number", "role": "user"}})


@given(st.integers(1, 5_000_000))
def test_nothing_is_left_open_and_a_small_table_gets_its_steps(rows):
    settings, found = resolved_settings(RankerSettings(), rows, SCHEMA)
    training = settings.training
    assert "auto" not in str(settings.to_dict()) and found == table_defaults(RankerSettings(), rows, 1)
    steps = -(-rows * training.passes // training.batch_size)
    if rows < LARGE:
        # Judged after a hundred steps at the earliest, and patient for six hundred.
        assert 100 <= steps and training.passes * rows < 100 * training.batch_size + rows
        assert steps * training.early_stopping.patience >= 600 and steps * training.epochs >= 12_000
    else:
        assert (training.batch_size, training.epochs, training.passes) == (1024, 2, 1)
        assert training.early_stopping.patience == 2


def test_a_large_table_is_trained_as_it_always_was():
    # These were the defaults before there was `auto`.
    settings, _ = resolved_settings(RankerSettings(), 1_000_000, SCHEMA)
    optimizer, model = settings.optimizer, settings.model
    assert (optimizer.learning_rate, optimizer.tables_learning_rate, optimizer.average) == (0.004, 0.02, 0.0)
    assert (model.min_count, model.number_bins, model.linear) == (1, 0, False)


def test_what_is_set_stays_and_epochs_are_passes():
    given = RankerSettings.load(None, ["training.batch_size=100", "training.epochs=3", "optimizer.average=0"])
    settings, found = resolved_settings(given, 1000, SCHEMA)
    assert (settings.training.batch_size, settings.training.epochs, settings.training.passes) == (100, 3, 1)
    assert settings.optimizer.average == 0 and "training.batch_size" not in found and "training.passes" in found
    assert settings.training.early_stopping.patience == 2
    # Of a batch of one's own as many passes are made as its steps ask for.
    assert (
        resolved_settings(RankerSettings.load(None, ["training.batch_size=100"]), 1000, SCHEMA)[0].training.passes == 10
    )


def test_bins_follow_the_rows_and_leave_room_for_many_numbers():
    def bins(rows, numbers):
        return table_defaults(RankerSettings(), rows, numbers)["model.number_bins"]

    assert [bins(rows, 10) for rows in (100, 8_000, 100_000)] == [16, 32, 64]
    assert [bins(100_000, numbers) for numbers in (0, 50, 1000)] == [64, 30, 8]


def test_once_resolved_nothing_changes():
    settings, _ = resolved_settings(RankerSettings(), 5000, SCHEMA)
    assert resolved_settings(settings, 10, SCHEMA) == (settings, {})


def test_auto_is_a_word_in_files_and_nothing_else_is(tmp_path):
    settings = RankerSettings()
    (tmp_path / "config.yaml").write_text(settings.dump())
    assert "  epochs: auto\n" in settings.dump() and "  linear: auto\n" in settings.dump()
    assert RankerSettings.load(tmp_path / "config.yaml") == settings and settings.training.epochs == AUTO
    for wrong in ("training.epochs=-1", "training.epochs=0", "training.batch_size=some", "optimizer.average=1"):
        with pytest.raises(ConfigError, match=wrong.partition("=")[0]):
            RankerSettings.load(None, [wrong])


def test_a_run_that_does_not_say_them_was_trained_without():
    settings, _ = without_auto(RankerSettings(), BEFORE)
    model = settings.model
    assert (model.min_count, model.number_bins, model.linear) == (1, 0, False)
    assert (settings.optimizer.average, settings.training.passes) == (0.0, 1)
