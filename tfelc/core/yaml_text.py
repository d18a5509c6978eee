"""YAML as `yaml.safe_load` reads it, but for a key that is given twice, which is an error."""

from __future__ import annotations

from typing import Any

import yaml


def load_yaml(text: str) -> Any:
    """The content of a YAML document.

    Raises:
        yaml.YAMLError: It is not YAML, or a mapping has a key twice: the first one would be lost without a word.
    """
    # A safe loader with one more check; it makes nothing but YAML's own types.
    return yaml.load(text, Loader=_UniqueKeys)


class _UniqueKeys(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Checked as written: once merge keys (`<<`) are resolved, what overrides and what is overridden both stand."""
        node = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"`{key.value}` is given twice", key.start_mark)
            seen.add((key.tag, key.value))
        return node
