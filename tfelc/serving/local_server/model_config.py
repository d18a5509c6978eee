"""One entry of a models.config file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tfelc.serving.local_server.request_logging.model_logging import ModelLogging
from tfelc.serving.local_server.serving_error import ServingError


@dataclass(frozen=True)
class ModelConfig:
    """Which versions of a model are served, and under which labels.

    Attributes:
        name: The model's name in requests.
        base_path: Folder with one folder a version, named by its number.
        policy: `latest` (the highest `count` versions), `all`, or `specific` (those in `versions`).
        count: How many versions `latest` keeps. Defaults to 1.
        versions: What `specific` serves.
        labels: Version of each label.
        logging: Which requests are logged, and where; None for what the server was told.
    """

    name: str
    base_path: Path
    policy: Literal["latest", "all", "specific"] = "latest"
    count: int = 1
    versions: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    logging: ModelLogging | None = None

    @classmethod
    def from_proto(cls, proto: Any) -> ModelConfig:
        """Reads a `tensorflow.serving.ModelConfig`.

        Raises:
            ServingError: INVALID_ARGUMENT, for an entry that TensorFlow Serving would not take either.
        """
        if not proto.name:
            raise ServingError.invalid("Expected model to have a name")
        if not proto.base_path:
            raise ServingError.invalid(f"Expected model {proto.name} to have a base_path")
        if proto.model_platform not in ("", "tensorflow"):
            raise ServingError.invalid(
                f"Model {proto.name}: platform {proto.model_platform} is not supported, only `tensorflow`"
            )
        if not Path(proto.base_path).is_absolute():
            raise ServingError.invalid(
                f"Expected model {proto.name} to have an absolute path or URI; got base_path()={proto.base_path}"
            )
        base: dict[str, Any] = {
            "name": proto.name,
            "base_path": Path(proto.base_path),
            "labels": dict(proto.version_labels),
        }
        if proto.HasField("logging_config"):
            base["logging"] = ModelLogging.from_proto(proto.name, proto.logging_config)
        policy = proto.model_version_policy
        choice = policy.WhichOneof("policy_choice")
        if choice == "all":
            return cls(policy="all", **base)
        if choice == "specific":
            if not policy.specific.versions:
                raise ServingError.invalid(f"Model {proto.name}: a specific version policy names no version")
            return cls(policy="specific", versions=tuple(policy.specific.versions), **base)
        return cls(count=policy.latest.num_versions or 1, **base)

    def wanted(self, present: Iterable[int]) -> list[int]:
        """Those of the versions on disk that the policy serves, in ascending order."""
        ordered = sorted(present)
        if self.policy == "all":
            return ordered
        if self.policy == "specific":
            return [version for version in ordered if version in self.versions]
        return ordered[-self.count :]
