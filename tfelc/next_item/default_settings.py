"""The settings that are shipped for a data set, and for tables of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.core.settings import Overrides, load_named_plugins, nested
from tfelc.core.yaml_text import load_yaml
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS, SequenceModelSettings
from tfelc.next_item.settings import NextItemSettings

DEFAULTS = Path(__file__).parent / "defaults"
# The paper's own settings, as far as it states them.
PAPER = "paper"
_SIMULATED = "simulated"


def chosen_settings(source: str, config: Path | None, overrides: Overrides) -> NextItemSettings:
    """The settings that a command names.

    Args:
        source: The name of a data set, or what names files.
        config: A file of settings; None for those that are shipped for the data set, and `paper`, where there is no
            such file, for those of the paper.
        overrides: As `Settings.load` takes them.

    Raises:
        ConfigError: The file cannot be read, or a key or value is not one of the settings.
        UsageError: The paper has no settings for this data set.
    """
    if config is None or (str(config) == PAPER and not config.exists()):
        return default_settings(source, overrides, paper=config is not None)
    return NextItemSettings.load(config, overrides)


def default_settings(source: str, overrides: Overrides = (), paper: bool = False) -> NextItemSettings:
    """The settings for a data set, with overrides.

    A file of `defaults/` holds what every model takes, and under `models` what was chosen for some of them. Between the
    two stand the model's own `run_defaults`.

    Args:
        source: The name of a data set; another one, such as the path of a table, takes `default.yaml`.
        overrides: As `Settings.load` takes them; among them may be the model's name.
        paper: Whether the paper's settings are meant. Defaults to those that were chosen on validation users.

    Raises:
        ConfigError: An override is none of the settings.
        UsageError: The paper has no settings for this data set.
    """
    content: dict[str, Any] = load_yaml(default_file(source, paper).read_text(encoding="utf-8"))
    models = content.pop("models")
    if source == _SIMULATED:
        # As all data sets that have a name: their figures are of leave-one-out.
        content.pop("split")
    name = _model_name(overrides)
    content["model"] = {"name": name, **content["model"]}
    content = NextItemSettings.merged(content, _run_defaults(name, overrides))
    content["model"] |= models.get(name, {})
    return NextItemSettings.load(content, overrides)


def default_file(source: str, paper: bool = False) -> Path:
    """The file of the settings that are shipped for a data set; see `default_settings`."""
    prefix = f"{PAPER}_"
    files = {path.stem: path for path in DEFAULTS.glob("*.yaml")}
    if not paper:
        # Of one's own table, whatever it is called, nothing is known.
        return files["default"] if source.startswith(prefix) else files.get(source, files["default"])
    if prefix + source not in files:
        known = ", ".join(sorted(name.removeprefix(prefix) for name in files if name.startswith(prefix)))
        raise UsageError(f"config {PAPER}: the paper has no settings for `{source}`, only for {known}")
    return files[prefix + source]


def _model_name(overrides: Overrides) -> str:
    model = NextItemSettings.with_new_names(nested(overrides), "settings").get("model", {})
    name = model.get("name") if isinstance(model, dict) else model
    return name if isinstance(name, str) else SequenceModelSettings.default_name


def _run_defaults(name: str, overrides: Overrides) -> Mapping[str, Any]:
    load_named_plugins(nested(overrides).get("plugins"))
    # A name that does not exist is told by the check of all settings.
    return SEQUENCE_MODELS.get(name).run_defaults if name in SEQUENCE_MODELS.names() else {}
