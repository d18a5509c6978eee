"""Modules of other packages that add parts to the registries.

A plug-in is a module that calls `register` of the registries when it is imported. It is named in the settings
(`plugins: [my_package.parts]`), or by the entry point of a package that is installed:

```
[project.entry-points."tfelc.plugins"]
my_package = "my_package.parts"
```
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from importlib.metadata import entry_points

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import set_environment


def load_plugins(modules: Iterable[str]) -> None:
    """Imports modules by name, each once in a process.

    Raises:
        UsageError: One cannot be imported.
    """
    for module in modules:
        set_environment()  # One that imports Keras starts TensorFlow.
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(
                f"plugins: `{module}` cannot be imported ({error}): install its package or add its folder to PYTHONPATH"
            ) from None


@functools.cache
def load_installed_plugins() -> None:
    """Imports the plug-ins of the installed packages, once in a process."""
    load_plugins(point.value for point in entry_points(group="tfelc.plugins"))
