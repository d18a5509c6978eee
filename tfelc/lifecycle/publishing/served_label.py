"""The label that names the served version, in a models.config file of TensorFlow Serving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import ConfigError, UsageError
from tfelc.lifecycle.export.versions import list_versions

# The one before stays loaded, so that the way back to it is a move of the label alone.
_LOADED = 2


class ServedLabel:
    """One label of one model, in a file that a server reads again and again.

    The file is read anew for every question, and written whole: to a temporary name, and renamed. Comments before the
    first entry are kept, others are not.

    Args:
        path: The file; it need not be there.
        base: The model's base folder.
        name: The model's name in the file.
        label: The label.

    Raises:
        ConfigError: The file is none of this kind.
        UsageError: It does not list the model, or pins its versions.

    Example:
        >>> stable = ServedLabel(Path("exports/ranker/models.config"), Path("exports/ranker"), "ranker")
        >>> stable.version() is None  # nothing is there yet
        True
    """

    def __init__(self, path: Path, base: Path, name: str, label: str = "stable") -> None:
        self.path = path
        self.base = base
        self.name = name
        self.label = label
        self._entry(self._config())

    def version(self) -> int | None:
        """The version that it names; None where it names none."""
        labels = self._entry(self._config()).version_labels
        return int(labels[self.label]) if self.label in labels else None

    def refuse_unloaded(self, version: int, arriving: int = 0) -> None:
        """Refuses where a server does not have a version loaded, so that its label could not name it.

        Args:
            version: The version.
            arriving: How many versions are about to appear. Defaults to none.

        Raises:
            UsageError: The file does not have it loaded.
        """
        policy = self._entry(self._config()).model_version_policy
        needed = self._as_new_as(version) + arriving
        count = policy.latest.num_versions or 1
        if policy.WhichOneof("policy_choice") != "all" and count < needed:
            raise UsageError(
                f"{self.path}: has the latest {count} of the versions loaded, and version {version} is to be one of "
                f"them; set `num_versions: {needed}`, and call again once the server has read it"
            )

    def move(self, version: int, keep: int | None = None) -> None:
        """Has it name another version, and has as many versions loaded as the next moves take.

        Args:
            version: The version.
            keep: A version that is to stay loaded beside it. Defaults to none.

        Raises:
            OSError: The file cannot be written.
        """
        config = self._config()
        entry = self._entry(config)
        entry.version_labels[self.label] = version
        policy = entry.model_version_policy
        if policy.WhichOneof("policy_choice") != "all":
            # The next version must not push out the one that the label still names.
            needed = max(self._as_new_as(version) + 1, self._as_new_as(version if keep is None else keep))
            policy.latest.num_versions = max(policy.latest.num_versions, needed)
        write_text(self.path, self._heading() + text_format.MessageToString(config))

    def _as_new_as(self, version: int) -> int:
        return sum(other >= version for other in list_versions(self.base))

    def _config(self) -> Any:
        config = model_server_config_pb2.ModelServerConfig()
        try:
            text_format.Parse(self.path.read_text(encoding="utf-8"), config)
        except FileNotFoundError:
            entry = config.model_config_list.config.add(
                name=self.name, base_path=str(self.base.absolute()), model_platform="tensorflow"
            )
            entry.model_version_policy.latest.num_versions = _LOADED
        except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
            raise ConfigError(f"{self.path}: not a models.config file: {' '.join(str(error).split())}") from None
        return config

    def _entry(self, config: Any) -> Any:
        for entry in config.model_config_list.config:
            if entry.name == self.name:
                if entry.model_version_policy.WhichOneof("policy_choice") == "specific":
                    raise UsageError(
                        f"{self.path}: pins the versions of `{self.name}` (`specific`), so that a server would load no "
                        f"new one; write `latest {{ num_versions: {_LOADED} }}`"
                    )
                return entry
        listed = ", ".join(entry.name for entry in config.model_config_list.config) or "none"
        raise UsageError(f"{self.path}: lists no model `{self.name}`, but {listed}; name one by `name`", ["name"])

    def _heading(self) -> str:
        if not self.path.exists():
            return ""
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        count = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
        return "".join(lines[:count])
