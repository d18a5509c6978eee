"""Writes the model that the conformance suite calls: `python -m tfelc.serving.conformance_model --to BASE`.

Two versions, which differ in one factor, so that an answer tells which version gave it. Beside them lies a
models.config that serves both, `stable` naming version 1 and `canary` version 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.core import command_line as cli

NAME = "conformance"
FACTORS = {1: 2.0, 2: 3.0}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def write(
    to: Annotated[Path, typer.Option(help="Folder for the versions and models.config.")],
    served_as: Annotated[
        str, typer.Option(help="The folder's path where the server sees it; by default its own.")
    ] = "",
) -> None:
    """Writes both versions and a models.config."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()
    for version in FACTORS:
        write_version(to, version)
    (to / "models.config").write_text(models_config(served_as or str(to.absolute())), encoding="utf-8")


def models_config(base_path: str) -> str:
    """A models.config that serves every version under `base_path`, with both labels."""
    return f"""model_config_list {{
  config {{
    name: "{NAME}"
    base_path: "{base_path}"
    model_platform: "tensorflow"
    model_version_policy {{ all {{}} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "canary" value: 2 }}
  }}
}}
"""


def write_version(base: Path, version: int, factor: float | None = None) -> Path:
    """Writes one version under a temporary name, then moves it to its place; returns its folder."""
    import tensorflow as tf

    module = _module(tf, FACTORS.get(version, float(version)) if factor is None else factor)
    hidden, place = base / f".writing-{version}", base / str(version)
    tf.saved_model.save(module, str(hidden), signatures=module.signatures_of())
    hidden.rename(place)
    return place


def _module(tf: Any, factor: float) -> Any:
    spec = tf.TensorSpec
    features = {
        "price": tf.io.FixedLenFeature([], tf.float32, float("nan")),
        "country": tf.io.FixedLenFeature([], tf.string, ""),
        "visits": tf.io.FixedLenFeature([], tf.int64, 0),
    }

    class Conformance(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tf.Variable(factor)
            self.table = tf.Variable([0.0, 10.0, 20.0, 30.0])

        def default(self, price: Any, visits: Any, country: Any, tags: Any) -> Any:
            return {
                "score": price * self.factor + tf.cast(visits, tf.float32),
                "visits_seen": visits,
                "country_seen": country,
                "country_bytes": country,
                "tags_given": tf.reduce_sum(tf.cast(tags != "", tf.int64), axis=1),
            }

        def rank(self, age: Any, item_price: Any, item_name: Any) -> Any:
            length = tf.cast(tf.strings.length(item_name), tf.float32)
            return {"score": age * item_price * self.factor, "length": length}

        def examples(self, examples: Any) -> Any:
            return {"score": self._parsed(examples)}

        def classify(self, inputs: Any) -> Any:
            score = self._parsed(inputs)
            classes = tf.tile([["no", "yes"]], [tf.size(score), 1])
            return {"classes": classes, "scores": tf.stack([1.0 - score, score], axis=1)}

        def regress(self, inputs: Any) -> Any:
            return {"outputs": self._parsed(inputs)}

        def _parsed(self, serialized: Any) -> Any:
            row = tf.io.parse_example(serialized, features)
            return row["price"] * self.factor + tf.cast(row["visits"], tf.float32)

        def single(self, x: Any) -> Any:
            return {"y": x * 2.0}

        def types(self, real: Any, small: Any, wide: Any, flag: Any) -> Any:
            return {"real_out": real, "small_out": small, "wide_out": wide, "flag_out": flag}

        def lookup(self, row: Any) -> Any:
            return {"value": tf.gather(self.table, row)}

        def slow(self, steps: Any) -> Any:
            start = tf.eye(64)
            last = tf.while_loop(
                lambda step, _: step < steps[0],
                lambda step, value: (step + 1, tf.linalg.matmul(value, start)),
                (tf.constant(0, tf.int64), start),
                parallel_iterations=1,
            )
            return {"trace": tf.linalg.trace(last[1])[tf.newaxis]}

        def signatures_of(self) -> Any:
            def made(call: Any, **specs: Any) -> Any:
                wanted = {name: spec(shape, dtype, name) for name, (shape, dtype) in specs.items()}
                return tf.function(call).get_concrete_function(**wanted)

            row, one = [None], [1]
            return {
                "serving_default": made(
                    self.default,
                    price=(row, tf.float32),
                    visits=(row, tf.int64),
                    country=(row, tf.string),
                    tags=([None, None], tf.string),
                ),
                "rank": made(
                    self.rank, age=(one, tf.float32), item_price=(row, tf.float32), item_name=(row, tf.string)
                ),
                "examples": made(self.examples, examples=(row, tf.string)),
                "classify": made(self.classify, inputs=(row, tf.string)),
                "regress": made(self.regress, inputs=(row, tf.string)),
                "single": made(self.single, x=(row, tf.float32)),
                "types": made(
                    self.types,
                    real=(row, tf.float64),
                    small=(row, tf.int32),
                    wide=([None, 2, 2], tf.float32),
                    flag=(row, tf.bool),
                ),
                "lookup": made(self.lookup, row=(row, tf.int64)),
                "slow": made(self.slow, steps=(one, tf.int64)),
            }

    return Conformance()


if __name__ == "__main__":
    cli.run(app)
