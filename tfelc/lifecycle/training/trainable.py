"""What the training loop asks of a kind of model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from tfelc.lifecycle.evaluation.result import EvaluationResult, Metrics
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.lifecycle.training.workers.workers import Workers


class Trainable(ABC):
    """A model with its data and optimizers, as `TrainingLoop` trains it.

    A new kind of model is a subclass. It writes how an epoch is trained, how the model is measured and what a
    checkpoint holds; epochs, early stopping, best weights, checkpoints inside an epoch, resuming, logs and progress
    come with the loop. What is random in an epoch has to depend on the seed, the epoch and the variables of the
    checkpoint alone: a resumed run then ends with the same bits.

    Attributes:
        unit: What a batch is made of, `rows` or `samples`.
        memory_advice: The settings to lower where memory does not suffice.
        divergence_advice: What to do about a loss that is not finite.

    Example:
        >>> class Halving(Trainable):
        ...     units_per_epoch = 2
        ...     distance = 8.0
        ...
        ...     def fit_epoch(self, epoch, start_step, on_step):
        ...         for step in range(start_step, 2):
        ...             self.distance /= 2
        ...             on_step(step + 1)
        ...
        ...     def losses(self):
        ...         return {"loss": self.distance}
        ...
        ...     def evaluate(self, split):
        ...         return EvaluationResult(split, "rows", 2, {"line": {"logloss": self.distance}})
        ...
        ...     def checkpoint_variables(self):
        ...         return {}
        ...
        ...     def best_variables(self):
        ...         return {}
        >>> model, done = Halving(), []
        >>> model.fit_epoch(epoch=0, start_step=1, on_step=done.append)
        >>> model.losses(), done
        ({'loss': 4.0}, [2])
    """

    unit: ClassVar[str] = "samples"
    memory_advice: ClassVar[str] = "training.batch_size"
    divergence_advice: ClassVar[str] = "lower optimizer.learning_rate, or set optimizer.clip_norm"

    clusters: ClusterSettings | None = None
    """The settings of its clusters, where it has any."""

    pretraining_epochs: int = 0
    """Epochs before those that `training.epochs` counts; they are measured like these, and never kept as the best."""

    workers: Workers = Workers()
    """Who trains it."""

    units_per_epoch: int
    """Rows or samples of an epoch, as `unit` says."""

    def initialize_weights(self) -> None:  # noqa: B027 (most weights begin at random)
        """Fills what does not begin at random, before the first epoch."""

    @abstractmethod
    def fit_epoch(self, epoch: int, start_step: int, on_step: Callable[[int], None]) -> None:
        """Trains one epoch, or what is left of it.

        Args:
            epoch: int. Number of the epoch, from 0.
            start_step: int. The first step to take. At 0 the running means of `losses` and `health` begin anew; further
                on they continue from the checkpoint. It may be the end of the epoch, with no step left.
            on_step: Callable. To be called after each step, or after every few, with the number of steps of the epoch
                that are done. It may write a checkpoint.
        """

    @abstractmethod
    def losses(self) -> dict[str, float]:
        """The terms of the loss by name, among them their sum `loss`, as means over the epoch so far."""

    def agree(self) -> None:  # noqa: B027 (nothing to do for a worker alone)
        """Brings all that a checkpoint holds to what it is for all workers, before it is read or saved.

        Raises:
            RunError: The workers' weights are not the same.
        """

    def health(self) -> dict[str, float]:
        """What else is logged of the epoch so far and is no loss, such as the use of the clusters."""
        return {}

    @contextmanager
    def judged_weights(self) -> Iterator[None]:
        """Puts the weights that are judged and kept in the place of those that are trained, and back at the end."""
        yield

    def calibrate(self) -> list[str]:
        """Fits what is fitted to the validation split once the weights are trained, and the best ones in place.

        It has to follow from these weights alone, since a run that is resumed at its end does it again.

        Returns:
            What to say of it; nothing where there is nothing to fit.
        """
        return []

    @abstractmethod
    def evaluate(self, split: str) -> EvaluationResult:
        """Measures the weights as they are, on `validation` after each epoch, with what is worth its time there."""

    def test(self) -> EvaluationResult:
        """Measures the weights on the test split in full; more than the result may be left in the run's folder."""
        return self.evaluate("test")

    def yardsticks(self) -> dict[str, Metrics]:
        """Simple models, trained on the same rows, by name: output -> metric -> value on the test split."""
        return {}

    def describe(self, result: EvaluationResult) -> str:
        """A validation result in a few words, for the line of an epoch."""
        shown = [
            f"{output} {name} {value:.4f}" for output, found in result.metrics.items() for name, value in found.items()
        ]
        return "  ".join(shown)

    @abstractmethod
    def checkpoint_variables(self) -> Mapping[str, Sequence[Any]]:
        """Group -> Keras variables: all that training changes, the optimizers' and the random generators' with it."""

    @abstractmethod
    def best_variables(self) -> Mapping[str, Sequence[Any]]:
        """Group -> Keras variables that are kept of the best epoch: those of the model."""

    def checkpoint_state(self) -> dict[str, Any]:
        """What a checkpoint has to hold beside the variables, as JSON takes it."""
        return {}

    def restore_state(self, state: Mapping[str, Any]) -> None:  # noqa: B027 (most have none)
        """Takes up what `checkpoint_state` gave."""
