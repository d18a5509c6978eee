"""The settings that are shipped for a data set, and for tables of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfelc.core.settings import Overrides, nested
from tfelc.core.yaml_text import load_yaml
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings
from tfelc.next_item.settings import NextItemSettings

DEFAULTS = Path(__file__).parent / "defaults"


def default_settings(source: str, overrides: Overrides = (), variant: str = "") -> NextItemSettings:
    """The settings for a data set, with overrides.

    A file of `defaults/` holds what all models take, and under `models` what each takes besides.

    Args:
        source: The name of a data set; another one, such as the path of a table, takes `default.yaml`.
        overrides: As `Settings.load` takes them; among them may be the model's name.
        variant: Prefix of the file, such as `paper_` for the paper's settings. Defaults to none.

    Raises:
        ConfigError: An override is none of the settings.
        UsageError: There is no such model.
    """
    path = DEFAULTS / f"{variant}{source}.yaml"
    content: dict[str, Any] = load_yaml((path if path.is_file() else DEFAULTS / "default.yaml").read_text("utf-8"))
    models = content.pop("models")
    model = NextItemSettings.with_new_names(nested(overrides), "settings").get("model", {})
    name = model if isinstance(model, str) else model.get("name", SequenceModelSettings.default_name)
    content["model"] = {"name": name, **content["model"], **models.get(name, {})}
    return NextItemSettings.load(content, overrides)
