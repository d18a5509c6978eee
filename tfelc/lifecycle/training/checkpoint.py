"""All of a run's state in one file: weights, optimizers, random states, metrics, position."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfelc.core.atomic_files import atomic_write
from tfelc.core.errors import RunError

_STATE = "state"


def save_checkpoint(path: Path, variables: Mapping[str, Sequence[Any]], state: Mapping[str, Any]) -> None:
    """Writes a checkpoint, whole or not at all.

    Args:
        path: The file, `.npz`.
        variables: Group (`model`, `optimizer`, ...) -> its Keras variables.
        state: Anything JSON takes, such as the position in the data.
    """
    arrays: dict[str, Any] = {key: variable.numpy() for key, variable in _named(variables).items()}
    arrays[_STATE] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_checkpoint(path: Path, variables: Mapping[str, Sequence[Any]], former: Collection[str] = ()) -> dict[str, Any]:
    """Fills variables from a checkpoint.

    Args:
        path: The file.
        variables: The groups to fill; others in the file are left alone.
        former: Paths of variables that the model once had after all of today's; where the file holds them, they are
            left alone. Defaults to none.

    Returns:
        The state that was saved with them.

    Raises:
        RunError: The file is missing, damaged, or belongs to another model.
    """
    wanted = _named(variables)
    try:
        # The zip file's own checksums are verified as each array is read; nothing is assigned before all are.
        with np.load(path, allow_pickle=False) as file:
            held = {key for key in file.files if key.split("/")[0] in variables}
            if missing := sorted(set(wanted) - held):
                raise RunError(f"{path}: not a checkpoint of this model: `{missing[0]}` is missing")
            if foreign := sorted(key for key in held - set(wanted) if key.split("/", 2)[-1] not in former):
                raise RunError(f"{path}: not a checkpoint of this model, which has no `{foreign[0]}`")
            arrays = {key: file[key] for key in wanted}
            state: dict[str, Any] = json.loads(file[_STATE].tobytes())
    except FileNotFoundError:
        raise RunError(f"{path}: no such checkpoint; the run has not saved one yet") from None
    except RunError:
        raise
    except Exception as error:  # A damaged zip file makes its readers fail in any way there is.
        raise RunError(f"{path}: damaged checkpoint ({type(error).__name__}); train again in another run") from None
    for key, variable in wanted.items():
        if tuple(variable.shape) != arrays[key].shape:
            raise RunError(
                f"{path}: not a checkpoint of this model: `{key}` is {arrays[key].shape}, not {tuple(variable.shape)}"
            )
    for key, variable in wanted.items():
        variable.assign(arrays[key])
    return state


def _named(variables: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    # The position makes each name its own: paths of metrics and optimizers may repeat. Keras numbers equal names over
    # the whole process, so the numbers say nothing about the model.
    return {
        f"{group}/{position:04d}/{re.sub(r'_[0-9]+(?=/|$)', '', variable.path)}": variable
        for group, members in variables.items()
        for position, variable in enumerate(members)
    }
