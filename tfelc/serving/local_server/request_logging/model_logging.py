"""What a models.config file says of the log of a model's requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfelc.serving.local_server.serving_error import ServingError

_FOLLOWED = {"log_collector_config", "sampling_config"}


@dataclass(frozen=True)
class ModelLogging:
    """The `logging_config` of a model.

    Attributes:
        sample: Share of the requests that are logged.
        prefix: How the names of the files begin, folder and all; empty for the server's folder and the model's name.
    """

    sample: float
    prefix: str = ""

    @classmethod
    def from_proto(cls, model: str, proto: Any) -> ModelLogging:
        """Reads a `tensorflow.serving.LoggingConfig`.

        The collector's `type`, which names a plug-in of TensorFlow Serving's, is passed over: here it is always files.

        Args:
            model: The model's name, for messages.
            proto: The message.

        Raises:
            ServingError: INVALID_ARGUMENT, for a rate that is no share, or for what would be passed over silently.
        """
        if other := sorted({field.name for field, _ in proto.ListFields()} - _FOLLOWED):
            raise ServingError.invalid(f"Model {model}: {other[0]} of logging_config is not supported")
        sampling = proto.sampling_config
        if sampling.per_task_sampling_configs:
            raise ServingError.invalid(f"Model {model}: per_task_sampling_configs of logging_config are not supported")
        if not 0 <= sampling.sampling_rate <= 1:
            raise ServingError.invalid(
                f"Model {model}: sampling_rate is from 0 to 1. Received: {sampling.sampling_rate}"
            )
        return cls(sampling.sampling_rate, proto.log_collector_config.filename_prefix)
