"""The curves of a run for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import tensorflow as tf

from tfelc.lifecycle.evaluation.result import EvaluationResult


class TensorBoardLog:
    """Writes what each epoch came to: `train/<loss>`, `validation/<output>/<metric>`, `validation/clusters/<figure>`.

    Args:
        folder: Path. Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def __enter__(self) -> Self:
        """Nothing is to be opened."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the file."""
        self._writer.close()

    def write(self, epoch: int, train: Mapping[str, float], validation: EvaluationResult) -> None:
        """Writes an epoch, from 1.

        Args:
            epoch: int. The epoch.
            train: Mapping of str to float. Losses and what else is logged of training.
            validation: EvaluationResult. What the weights came to.
        """
        with self._writer.as_default(step=epoch):
            for name, value in train.items():
                tf.summary.scalar(f"train/{name}", value)
            for output, values in validation.metrics.items():
                for name, value in values.items():
                    tf.summary.scalar(f"validation/{output}/{name}", value)
            if (clusters := validation.clusters) is not None:
                tf.summary.scalar("validation/clusters/in_use", clusters.in_use)
                tf.summary.scalar("validation/clusters/largest_share", clusters.largest_share)
