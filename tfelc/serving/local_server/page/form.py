"""What the page needs to let a person call a version: its signatures' fields, in groups, with examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rapidjson
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from tfelc.lifecycle.export.session_runner import SessionSignature
from tfelc.lifecycle.export.warmup import WARMUP_FILE
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError
from tfelc.serving.local_server.tensor_protos import to_array

_RANKER, _RECOMMENDER = "feature_manifest.json", "recommender_manifest.json"
# Signatures that take columns a person can fill in; others take embeddings or serialized examples.
_DEFAULT = "serving_default"
_SHOWN = (_DEFAULT, "rank", "rank_top", "recommend")
# Roles of features -> the group of fields, in the order of the page.
_GROUPS = {"user": "user", "activity": "user", "item": "item", "context": "context"}
# Items that are asked for where nobody says how many; those of an example of a ranking; and examples of a signature.
_ASKED_K, _EXAMPLE_ITEMS, _MOST_EXAMPLES = 10, 3, 8


def form(servable: Servable) -> dict[str, Any]:
    """The forms of a version.

    Args:
        servable: Servable. The loaded version.

    Returns:
        `version`, and `signatures`: of each its name, its fields (`name`, `type`, `depth` of lists, `group`, `missing`,
        which is what an empty field is sent as) in the order of the page, its `examples` (field -> value, or one value
        an item in a ranking) and its `probabilities`, the outputs that are shares of 1.
    """
    manifest = _manifest(servable.path)
    features = manifest.get("features", {})
    missing = {name: feature.get("missing") for name, feature in features.items()}
    if "padding" in manifest:
        missing = {"history": manifest["padding"]}
    # No feature is named so where a signature has the input.
    missing.setdefault("k", _ASKED_K)
    outputs = manifest.get("outputs", {})
    probabilities = [name for name, output in outputs.items() if output.get("probability_of")]
    logged = _examples(servable, features)
    signatures = []
    for name in _SHOWN:
        if name in servable.signatures:
            fields = _fields(servable.signatures[name], features, missing)
            shown = {"name": name, "fields": fields, "examples": logged.get(name, []), "probabilities": probabilities}
            signatures.append(shown)
    return {"version": servable.version, "signatures": signatures}


def _fields(
    signature: SessionSignature, features: Mapping[str, Any], missing: Mapping[str, Any]
) -> list[dict[str, Any]]:
    fields = []
    for name, tensor in signature.inputs.items():
        field = {
            "name": name,
            "type": tensor.dtype_name,
            "depth": len(tensor.shape) if tensor.shape is not None else 1,
            "group": _group(features, name),
            "missing": missing.get(name),
        }
        fields.append(field)
    # By group, and in a group as the model's schema has them.
    groups, names = [*dict.fromkeys(_GROUPS.values()), "input"], list(features)
    return sorted(fields, key=lambda field: (groups.index(field["group"]), *_place(field["name"], names)))


def _place(name: str, names: Sequence[str]) -> tuple[int, str]:
    return (names.index(name) if name in names else len(names)), name


def _examples(servable: Servable, features: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the version's warm-up file, by signature; nothing where it cannot be read, for the page goes without."""
    file = servable.path / WARMUP_FILE
    if not file.is_file():
        return {}
    most: dict[str, dict[str, Any]] = {}
    try:
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
            name = request.model_spec.signature_name or _DEFAULT
            if name in _SHOWN:
                columns = {key: _shortest(to_array(key, proto)).tolist() for key, proto in request.inputs.items()}
                # A request without rows has nothing to show.
                columns = {key: values for key, values in _plain(columns).items() if values != []}
                if _rows(columns) >= _rows(most.get(name, {})):
                    most[name] = columns
    except (tf.errors.OpError, DecodeError, ServingError, UnicodeDecodeError):
        return {}
    found = {name: [_row(columns, row) for row in range(_rows(columns))] for name, columns in most.items()}
    if features and _DEFAULT in found:
        # There a ranking has one item; the items of other rows go with any user.
        found["rank"] = [_ranking(found[_DEFAULT][row:], features) for row in range(len(found[_DEFAULT]))]
        found["rank_top"] = [{**example, "k": _EXAMPLE_ITEMS - 1} for example in found["rank"]]
    return found


def _rows(columns: Mapping[str, Any]) -> int:
    return min(max((len(values) for values in columns.values() if isinstance(values, list)), default=0), _MOST_EXAMPLES)


def _row(columns: Mapping[str, Any], row: int) -> dict[str, Any]:
    # What has one value for all rows, as `k` may, is the same in each example.
    return {
        key: values[min(row, len(values) - 1)] if isinstance(values, list) else values
        for key, values in columns.items()
    }


def _ranking(rows: Sequence[Mapping[str, Any]], features: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [row.get(key) for row in rows[:_EXAMPLE_ITEMS]] if _group(features, key) == "item" else value
        for key, value in rows[0].items()
    }


def _group(features: Mapping[str, Any], name: str) -> str:
    return _GROUPS.get(features.get(name, {}).get("role"), "input")


def _shortest(array: Any) -> Any:
    """The same numbers in as few digits as tell them: 7.8, and not 7.800000190734863."""
    return array.astype(str).astype(float) if array.dtype == np.float32 else array


def _plain(value: Any) -> Any:
    """Text for bytes, and None for what is no number, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def _manifest(version: Path) -> dict[str, Any]:
    for name in (_RECOMMENDER, _RANKER):
        try:
            content = rapidjson.loads((version / "assets" / name).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            return content
    return {}
