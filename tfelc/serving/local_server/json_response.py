"""Arrays written as the JSON that :predict answers."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import rapidjson

from tfelc.serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]
# Up to so many values, a loop is quicker than NumPy.
_SHORT = 8


def write_predictions(outputs: Mapping[str, Array], form: Literal["instances", "inputs"]) -> bytes:
    """Answers a row request under `predictions` and a columnar one under `outputs`.

    Raises:
        ServingError: INVALID_ARGUMENT, for outputs that JSON, or rows, cannot hold.
    """
    if form == "inputs":
        texts = [(name, _nested(_texts(name, array), array.shape)) for name, array in outputs.items()]
        if len(texts) == 1:
            return f'{{"outputs": {texts[0][1]}}}'.encode()
        body = ", ".join(f"{rapidjson.dumps(name)}: {text}" for name, text in texts)
        return f'{{"outputs": {{{body}}}}}'.encode()
    columns = _rows(outputs)
    if len(columns) == 1:
        rows = next(iter(columns.values()))
    else:
        template = "{" + ", ".join(f"{_escaped(name)}: %s" for name in columns) + "}"
        rows = [template % row for row in zip(*columns.values(), strict=True)]
    return f'{{"predictions": [{", ".join(rows)}]}}'.encode()


def write_decimals(array: Array) -> list[str]:
    """Each value in the fewest digits of 6, or 9 (17 for float64), that read back to it, as the real server does."""
    flat = array.ravel()
    digits = 9 if flat.dtype == np.float32 else 17
    if flat.size <= _SHORT:
        return [_decimal(value, flat.dtype, digits) for value in flat.tolist()]
    values = flat.astype(np.float64)
    with np.errstate(all="ignore"):
        size = np.abs(values)
        scale = 10.0 ** (5 - np.floor(np.log10(np.where(size > 0, size, 1.0))))
        short = (np.round(values * scale) / scale).astype(flat.dtype) == flat
        whole = (values == np.floor(values)) & (size < np.where(short, 1e6, 10.0**digits))
    special = ~np.isfinite(values)
    if not special.any():
        form = np.where(whole, "%.1f", np.where(short, "%g", f"%.{digits}g"))
    else:
        form = np.where(whole, "%.1f", np.where(short & ~special, "%g", f"%.{digits}g")).astype(object)
        # A precision of 0 drops the argument, so that the word alone is written.
        form[np.isnan(values)] = "NaN%.0s"
        form[np.isposinf(values)] = "Infinity%.0s"
        form[np.isneginf(values)] = "-Infinity%.0s"
    return ("\n".join(form.tolist()) % tuple(values.tolist())).split("\n")


def _decimal(value: float, dtype: np.dtype[Any], digits: int) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{value:g}"
    if dtype.type(text) != value:
        text = f"{value:.{digits}g}"
    return text if "." in text or "e" in text else f"{text}.0"


def _texts(name: str, array: Array) -> list[str]:
    kind = array.dtype
    if kind in (np.float32, np.float64):
        return write_decimals(array)
    if kind == np.bool_:
        return ["true" if value else "false" for value in array.ravel().tolist()]
    if kind.kind in "iu":
        return list(map(str, array.ravel().tolist()))
    if kind.kind == "O":
        if name.endswith("_bytes"):
            return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in array.ravel().tolist()]
        return [rapidjson.dumps(value.decode(errors="replace"), ensure_ascii=False) for value in array.ravel().tolist()]
    raise ServingError.invalid(f"Failed to write JSON value for tensor type: {kind}")


def _nested(texts: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return texts[0]
    if 0 in shape[1:]:
        inner = _nested([], shape[1:])
        return f"[{', '.join([inner] * shape[0])}]"
    for size in reversed(shape[1:]):
        texts = [f"[{', '.join(texts[start : start + size])}]" for start in range(0, len(texts), size)]
    return f"[{', '.join(texts)}]"


def _rows(outputs: Mapping[str, Array]) -> dict[str, list[str]]:
    sizes = {}
    for name, array in outputs.items():
        if not array.shape:
            raise ServingError.invalid(f"Tensor name: {name} has no shape information")
        sizes[name] = array.shape[0]
    if len(set(sizes.values())) > 1:
        raise ServingError.invalid(f"Tensors have inconsistent batch sizes: {sizes}")
    columns = {}
    for name, array in outputs.items():
        texts = _texts(name, array)
        if array.ndim > 1:
            step = int(np.prod(array.shape[1:]))
            texts = [_nested(texts[row * step : (row + 1) * step], array.shape[1:]) for row in range(array.shape[0])]
        columns[name] = texts
    return columns


def _escaped(name: str) -> str:
    return str(rapidjson.dumps(name)).replace("%", "%%")
