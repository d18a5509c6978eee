"""Measures ways of doing one thing: each in a fresh process, in turn over rounds, compared by their medians.

`python -m tfelc.experiments.benchmarks.harness MODULE:FUNCTION ARGUMENTS` calls one way, and prints what it returns.
"""

import json
import os
import pkgutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from tfelc.core.command_line import run
from tfelc.core.errors import TfelcError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.experiments.table import Table


@dataclass(frozen=True)
class Way:
    """One way of doing a thing.

    Attributes:
        label: What the tables call it.
        function: A function of a module, called with `arguments` in a process of its own, where TensorFlow is loaded.
            It returns what JSON can hold, or None where what it needs is not installed.
        arguments: By name; paths arrive as text.
        environment: Variables of its process beside this one's.
    """

    label: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Any:
        """What the function returns; raises TfelcError, with its last words, where it fails."""
        place = f"{self.function.__module__}:{self.function.__qualname__}"
        arguments = json.dumps(self.arguments, default=os.fspath)
        command = [sys.executable, "-m", "tfelc.experiments.benchmarks.harness", place, arguments]
        return json.loads(_output(self.label, command, self.environment).splitlines()[-1])


@dataclass(frozen=True)
class Column:
    """A column of `comparison`: the median of a figure, or its ratio to that of the reference."""

    heading: str
    figure: str
    form: str = ",.0f"
    statistic: str = "median"


def measure(ways: Mapping[str, Way], rounds: int, reference: str, console: Console) -> dict[str, Any]:
    """Runs every way once a round, in turn, so that what else the machine does falls on all of them.

    Args:
        ways: Name -> way; its figures are numbers.
        rounds: How often.
        reference: The way to whose medians the ratios are.
        console: Where it says how far it is.

    Returns:
        Name -> `label`, `runs` (its figures, round by round) and `figures`: by name the `median`, `min`, `max` and
        `ratio`, none for a way that is not installed.
    """
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            with console.status(f"round {number + 1} of {rounds}: {way.label}"):
                if (found := way.run()) is not None:
                    runs[name].append(found)
    base = _medians(runs[reference])
    return {
        name: {
            "label": ways[name].label,
            "figures": {
                figure: {
                    "median": median,
                    "min": min(run[figure] for run in of),
                    "max": max(run[figure] for run in of),
                    "ratio": median / base[figure] if base.get(figure) else None,
                }
                for figure, median in _medians(of).items()
            },
            "runs": of,
        }
        for name, of in runs.items()
    }


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {figure: statistics.median(run[figure] for run in runs) for figure in (runs[0] if runs else ())}


def comparison(title: str, measured: Mapping[str, Any], columns: Sequence[Column]) -> Table:
    """The table of what `measure` returned."""
    rows = []
    for way in measured.values():
        figures = way["figures"]
        cells = [format(figures[c.figure][c.statistic], c.form) for c in columns] if figures else ["not installed"]
        rows.append([way["label"], *cells, *[""] * (len(columns) - len(cells))])
    return Table(title, ["way", *(column.heading for column in columns)], rows)


def tfelc(*arguments: object) -> None:
    """Runs a command of tfelc in a process of its own; raises TfelcError, with its last words, where it fails."""
    words = [str(word) for word in arguments]
    _output(f"tfelc {words[0]}", [sys.executable, "-m", "tfelc.commands", *words], {})


def _output(what: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"its process ended with code {done.returncode}"])[-1]
        raise TfelcError(f"{what}: {reason.removeprefix('error: ')}")
    return done.stdout


def _call_way() -> None:
    place, arguments = sys.argv[1:]
    load_tensorflow()
    print(json.dumps(pkgutil.resolve_name(place)(**json.loads(arguments))))


if __name__ == "__main__":
    run(_call_way)
