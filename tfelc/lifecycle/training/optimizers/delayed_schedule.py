"""A schedule that begins where an optimizer has counted some steps already."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tfelc")
class DelayedSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Another schedule, from a later step on.

    Args:
        schedule: keras.optimizers.schedules.LearningRateSchedule. The other one.
        before: int. Steps before its first.

    Example:
        >>> decay = keras.optimizers.schedules.PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0)
        >>> round(float(DelayedSchedule(decay, before=100)(105)), 3)
        0.5
    """

    def __init__(self, schedule: Any, before: int) -> None:
        self.schedule = schedule
        self.before = before

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        return self.schedule(step - self.before)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {"schedule": keras.saving.serialize_keras_object(self.schedule), "before": self.before}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DelayedSchedule:
        """What `get_config` described."""
        return cls(keras.saving.deserialize_keras_object(config["schedule"]), config["before"])
