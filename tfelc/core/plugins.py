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
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import load_tensorflow, set_environment


def load_plugins(modules: Iterable[str]) -> None:
    """Imports modules by name, each once in a process; TensorFlow first, since they may import Keras at their top.

    Raises:
        UsageError: One cannot be imported.
    """
    if wanted := [module for module in modules if module not in sys.modules]:
        load_tensorflow()
        _import(wanted)


@functools.cache
def load_installed_plugins() -> None:
    """Imports the plug-ins of the installed packages, once in a process."""
    # TensorFlow is not started for them: a command that only lists names would be slow.
    if wanted := [point.value for point in entry_points(group="tfelc.plugins")]:
        set_environment()
        _import(wanted)


def _import(modules: Iterable[str]) -> None:
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(
                f"plugins: `{module}` cannot be imported ({error}): install its package or add its folder to PYTHONPATH"
            ) from None
