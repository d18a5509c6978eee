"""The one check that every layer's test runs; golden values come on top of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops, tree

Structure = Any


def check_layer(
    layer_class: type[keras.layers.Layer],
    init_kwargs: dict[str, Any],
    inputs: Structure,
    expected_output_shape: Structure,
    expected_trainable_count: int,
    *,
    expected_non_trainable_count: int = 0,
    expected_mixed_dtype: str | None = "bfloat16",
    every_weight_learns: bool = True,
) -> keras.layers.Layer:
    """Checks config round trip, build, symbolic and eager call, a fit, mixed precision, and save and reload.

    Args:
        layer_class: The layer; it must be registered for serialization.
        init_kwargs: Arguments of its `__init__`; each must be an attribute and come back from `get_config`.
        inputs: What `call` takes as its first argument: an array, or a dict, tuple or list of arrays, with values.
        expected_output_shape: Shape of the output, or a dict, tuple or list of shapes in the output's structure.
        expected_trainable_count: Number of trainable weights.
        expected_non_trainable_count: Number of the other weights (metrics and seeds do not count).
        expected_mixed_dtype: Type of the floating outputs under `mixed_bfloat16`. None: any floating type.
        every_weight_learns: Each trainable weight must move in the fit. False for a layer whose weight an optimizer
            step leaves alone by design.

    Returns:
        The built layer, to go on testing with.
    """
    layer = layer_class(**init_kwargs)
    _check_config(layer, init_kwargs)

    outputs = layer(inputs)
    assert layer.built, f"{layer.name}: not built by its first call"
    _check_shapes(outputs, expected_output_shape, "eager call")
    _check_finite(outputs, "eager call")
    _check_count(layer.trainable_weights, expected_trainable_count, "trainable")
    _check_count(layer.non_trainable_weights, expected_non_trainable_count, "non-trainable")

    model = _model(layer, inputs)
    _check_shapes(model.output, tree.map_shape_structure(_any_batch, expected_output_shape), "symbolic call")
    predicted = model.predict(inputs, verbose=0, batch_size=len(tree.flatten(inputs)[0]))
    tree.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg="eager and graph call differ"),
        _numpy(outputs),
        _numpy(predicted),
    )

    _check_fit(layer_class(**init_kwargs), inputs, every_weight_learns)
    _check_mixed_precision(layer_class, init_kwargs, inputs, expected_output_shape, expected_mixed_dtype)
    _check_save(model, inputs)
    return layer


def _check_config(layer: keras.layers.Layer, init_kwargs: dict[str, Any]) -> None:
    config = layer.get_config()
    for key in init_kwargs:
        assert key in config, f"{layer.name}: `{key}` is missing from get_config()"
        assert key in ("name", "dtype") or hasattr(layer, key), f"{layer.name}: `{key}` is not an attribute"
    written = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(written, safe_mode=True)
    assert type(again) is type(layer), f"came back as {type(again)}"
    assert again.get_config() == config, f"config changed on its round trip: {again.get_config()} from {config}"


def _check_fit(layer: keras.layers.Layer, inputs: Structure, every_weight_learns: bool) -> None:
    model = _model(layer, inputs)
    floats = [output for output in tree.flatten(model.output) if _is_float(output)]
    assert floats, "no floating output to learn from"
    flat = [ops.reshape(ops.cast(output, "float32"), (-1, _width(output))) for output in floats]
    learner = keras.Model(model.input, ops.concatenate(flat, axis=-1))
    rows = len(tree.flatten(inputs)[0])
    targets = np.random.default_rng(0).normal(size=(rows, learner.output.shape[-1])).astype("float32")
    before = [np.array(w) for w in layer.trainable_weights]
    learner.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    history = learner.fit(inputs, targets, epochs=2, batch_size=rows, verbose=0)
    assert np.all(np.isfinite(history.history["loss"])), f"loss of the fit: {history.history['loss']}"
    for weight, old in zip(layer.trainable_weights, before, strict=True):
        assert np.all(np.isfinite(weight)), f"`{weight.path}` is no longer finite after the fit"
        if every_weight_learns:
            assert not np.array_equal(weight, old), f"`{weight.path}` did not move in the fit"


def _check_mixed_precision(
    layer_class: type[keras.layers.Layer],
    init_kwargs: dict[str, Any],
    inputs: Structure,
    expected_output_shape: Structure,
    expected_dtype: str | None,
) -> None:
    layer = layer_class(**{**init_kwargs, "dtype": "mixed_bfloat16"})
    outputs = layer(inputs)
    _check_shapes(outputs, expected_output_shape, "call in mixed precision")
    _check_finite(outputs, "call in mixed precision")
    for weight in layer.weights:
        dtype = keras.backend.standardize_dtype(weight.dtype)
        assert dtype != "bfloat16", f"`{weight.path}` is kept in bfloat16; weights stay in float32"
    if expected_dtype is not None:
        for output in tree.flatten(outputs):
            if _is_float(output):
                dtype = keras.backend.standardize_dtype(output.dtype)
                assert dtype == expected_dtype, f"output is {dtype} in mixed precision, not {expected_dtype}"


def _check_save(model: keras.Model, inputs: Structure) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = keras.saving.load_model(path, safe_mode=True)
    rows = len(tree.flatten(inputs)[0])
    tree.map_structure(
        lambda a, b: np.testing.assert_array_equal(a, b, err_msg="predictions changed on save and reload"),
        _numpy(model.predict(inputs, verbose=0, batch_size=rows)),
        _numpy(again.predict(inputs, verbose=0, batch_size=rows)),
    )


def _model(layer: keras.layers.Layer, inputs: Structure) -> keras.Model:
    def entry(values: Any, name: str | None = None) -> Any:
        values = np.asarray(values)
        dtype = "string" if values.dtype.kind in "USO" else values.dtype.name
        return keras.Input(shape=values.shape[1:], dtype=dtype, name=name)

    if isinstance(inputs, dict):
        symbols = {key: entry(values, key) for key, values in inputs.items()}
    else:
        symbols = tree.map_structure(entry, inputs)
    return keras.Model(symbols, layer(symbols))


def _check_shapes(outputs: Structure, expected: Structure, where: str) -> None:
    shapes = tree.map_structure(lambda t: tuple(t.shape), outputs)
    expected = tree.map_shape_structure(tuple, expected)
    assert shapes == expected, f"{where}: shape {shapes}, expected {expected}"


def _check_finite(outputs: Structure, where: str) -> None:
    for output in tree.flatten(outputs):
        if _is_float(output):
            assert np.all(np.isfinite(ops.convert_to_numpy(ops.cast(output, "float32")))), f"{where}: output not finite"


def _check_count(weights: Sequence[Any], expected: int, what: str) -> None:
    names = [weight.path for weight in weights]
    assert len(names) == expected, f"{len(names)} {what} weights, expected {expected}: {names}"


def _any_batch(shape: Sequence[int | None]) -> tuple[int | None, ...]:
    return (None, *shape[1:])


def _is_float(tensor: Any) -> bool:
    return bool(keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype)))


def _width(tensor: Any) -> int:
    return int(np.prod(tensor.shape[1:], dtype=int))


def _numpy(outputs: Structure) -> Structure:
    return tree.map_structure(ops.convert_to_numpy, outputs)
