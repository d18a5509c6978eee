import errno
import os
import random
import resource

import keras
import numpy as np
import pytest

from tfelc.core.errors import RunError
from tfelc.lifecycle.training.checkpoint import load_checkpoint, save_checkpoint

STATE = {"epoch": 2, "step": 7, "run": {"best": float("-inf")}}


def variables(value=0.0, **shapes):
    shapes = shapes or {"first": (3, 2), "second": (4,)}
    return {
        "model": [
            keras.Variable(np.full(shape, value, "float32") + np.arange(shape[-1]), name=name)
            for name, shape in shapes.items()
        ],
        "optimizer": [keras.Variable(np.int64(5 + value), dtype="int64", name="iteration")],
    }


def contents(groups):
    return [variable.numpy().tobytes() for members in groups.values() for variable in members]


@pytest.fixture
def saved(tmp_path):
    groups = variables(1.5)
    groups["model"][0].assign([[np.nan, -0.0], [1e-42, 3e38], [0.1, 1 / 3]])
    save_checkpoint(tmp_path / "last.npz", groups, STATE)
    return tmp_path / "last.npz", groups


def test_every_bit_and_the_state_come_back(saved):
    path, groups = saved
    fresh = variables()
    assert load_checkpoint(path, fresh) == STATE
    assert contents(fresh) == contents(groups)


def test_a_group_alone_can_be_read(saved):
    path, groups = saved
    fresh = {"model": variables()["model"]}
    load_checkpoint(path, fresh)
    assert contents(fresh) == contents(groups)[:2]


def test_names_that_keras_numbers_over_the_process_are_the_same_model(tmp_path):
    def dropout_and_optimizer():
        model = keras.Sequential([keras.layers.Dropout(0.5), keras.layers.Dense(2, name="dense")], name="model")
        model.build((None, 3))
        optimizer = keras.optimizers.Adam()
        optimizer.build(model.trainable_variables)
        return {"model": model.variables, "optimizer": optimizer.variables}

    first, second = dropout_and_optimizer(), dropout_and_optimizer()
    assert [v.path for v in first["model"]] != [v.path for v in second["model"]]
    save_checkpoint(tmp_path / "last.npz", first, STATE)
    load_checkpoint(tmp_path / "last.npz", second)
    assert contents(second) == contents(first)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"first": (3, 2)}, "which has no `model/0001/second`"),
        ({"first": (3, 2), "second": (4,), "third": (1,)}, "`model/0002/third` is missing"),
        ({"first": (3, 2), "other": (4,)}, "`model/0001/other` is missing"),
        ({"first": (3, 5), "second": (4,)}, r"`model/0000/first` is \(3, 2\), not \(3, 5\)"),
    ],
)
def test_a_checkpoint_of_another_model_changes_nothing(saved, shapes, message):
    other = variables(9.0, **shapes)
    before = contents(other)
    with pytest.raises(RunError, match=f"last.npz: not a checkpoint of this model[:,] {message}"):
        load_checkpoint(saved[0], other)
    assert contents(other) == before


def test_what_the_model_once_had_is_left_alone_if_it_is_named(saved):
    path, groups = saved
    fresh = variables(9.0, first=(3, 2))
    load_checkpoint(path, fresh, former=("second",))
    assert contents(fresh) == [contents(groups)[0], contents(groups)[2]]
    for former in ((), ("first",), ("model/0001/second",), ("0001/second",)):
        with pytest.raises(RunError, match="which has no `model/0001/second`"):
            load_checkpoint(path, variables(9.0, first=(3, 2)), former=former)
    # What the model has is not missed for being named.
    with pytest.raises(RunError, match="`model/0002/third` is missing"):
        load_checkpoint(path, variables(9.0, first=(3, 2), second=(4,), third=(1,)), former=("third",))


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(RunError, match="last.npz: no such checkpoint; the run has not saved one yet"):
        load_checkpoint(tmp_path / "last.npz", variables())


def test_any_damage_is_one_line_or_does_no_harm(saved):
    path, groups = saved
    whole = path.read_bytes()
    generator = random.Random(0)
    refused = 0
    # A flip in a field of the zip file that nobody reads, such as a time, may pass: then all the content is right.
    for number in range(200):
        if number % 4 == 0:
            damaged = whole[: generator.randrange(len(whole))]
        else:
            position = generator.randrange(len(whole))
            flipped = bytes([whole[position] ^ 1 << generator.randrange(8)])
            damaged = whole[:position] + flipped + whole[position + 1 :]
        path.write_bytes(damaged)
        fresh = variables()
        try:
            state = load_checkpoint(path, fresh)
        except RunError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
            assert contents(fresh) == contents(variables())
        else:
            assert state == STATE and contents(fresh) == contents(groups)
    assert refused > 120


def test_pickled_content_is_never_run(saved):
    path, groups = saved

    class Trap:
        def __reduce__(self):
            return (os._exit, (77,))

    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    arrays["model/0001/second"] = np.array([Trap()] * 4, dtype=object)
    np.savez(path, allow_pickle=True, **arrays)
    with pytest.raises(RunError, match="damaged checkpoint"):
        load_checkpoint(path, groups)


def test_a_full_disk_leaves_the_old_checkpoint(saved, tmp_path):
    path, _ = saved
    before = path.read_bytes()
    large = {"model": [keras.Variable(np.zeros((100, 1000), "float32"), name="first")]}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    try:
        with pytest.raises(OSError) as failure:
            save_checkpoint(path, large, STATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (failure.value.errno, failure.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
