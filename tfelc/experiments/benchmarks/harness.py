"""Measures ways of doing one thing: each in a fresh process, in turn over rounds, compared by their medians.

`python -m tfelc.experiments.benchmarks.harness MODULE:FUNCTION ARGUMENTS` calls one way, and prints what it returns;
with a further `light`, without TensorFlow.
"""

import json
import os
import pkgutil
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console

from tfelc.core.command_line import run
from tfelc.core.errors import TfelcError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.experiments.table import Table

# Of a training that is measured: they trace the graph and fill the buffers.
STEPS_LEFT_OUT = 20
_LIGHT = "light"


@dataclass(frozen=True)
class Way:
    """One way of doing a thing.

    Attributes:
        label: What the tables call it.
        function: A function of a module, called with `arguments` in a process of its own. It returns what JSON
            can hold, or None where what it needs is not installed.
        arguments: By name; paths arrive as text.
        environment: Variables of its process beside this one's.
        needs_tensorflow: Whether TensorFlow is loaded there, which takes memory. Defaults to True.
    """

    label: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    needs_tensorflow: bool = True

    def run(self) -> Any:
        """What the function returns; raises TfelcError, with its last words, where it fails."""
        place = f"{self.function.__module__}:{self.function.__qualname__}"
        arguments = json.dumps(self.arguments, default=os.fspath)
        command = [sys.executable, "-m", "tfelc.experiments.benchmarks.harness", place, arguments]
        command += [] if self.needs_tensorflow else [_LIGHT]
        return json.loads(_output(self.label, command, self.environment).splitlines()[-1])


def measure(
    ways: Mapping[str, Way], console: Console, rounds: int = 1, reference: str | None = None
) -> dict[str, dict[str, Any]]:
    """Runs every way once a round, in turn, so that what else the machine does falls on all of them.

    Args:
        ways: Name -> way; its figures are numbers.
        console: Where it says how far it is.
        rounds: How often. Defaults to 1.
        reference: The way to whose medians the ratios are. Defaults to None: no ratios.

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
    base = _medians(runs[reference]) if reference else {}
    return {
        name: {
            "label": ways[name].label,
            "figures": {
                figure: {
                    "median": median,
                    "min": min(one[figure] for one in of),
                    "max": max(one[figure] for one in of),
                    "ratio": median / base[figure] if base.get(figure) else None,
                }
                for figure, median in _medians(of).items()
            },
            "runs": of,
        }
        for name, of in runs.items()
    }


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {figure: statistics.median(one[figure] for one in runs) for figure in (runs[0] if runs else ())}


@dataclass(frozen=True)
class Column:
    """A column of `comparison`: the median of a figure, or its ratio to that of the reference."""

    heading: str
    figure: str
    form: str = ",.0f"
    statistic: str = "median"


def comparison(title: str, measured: Mapping[str, Any], columns: Sequence[Column]) -> Table:
    """The table of what `measure` returned; blank where a figure is not defined."""
    rows = []
    for way in measured.values():
        figures = way["figures"]
        values = [figures.get(column.figure, {}).get(column.statistic) for column in columns] if figures else []
        cells = ["" if value is None else format(value, c.form) for value, c in zip(values, columns, strict=False)]
        rows.append([way["label"], *(cells or ["not installed", *[""] * (len(columns) - 1)])])
    return Table(title, ["way", *(column.heading for column in columns)], rows)


class Meter:
    """Wall and CPU seconds from `start` to `stop`, or within a `with`, and the process's peak memory until then."""

    def start(self) -> None:
        """Starts, or starts anew."""
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def start_late(self, step: int, logs: object = None) -> None:
        """Starts at the end of the last of the steps that are left out; what Keras calls after each step."""
        if step + 1 == STEPS_LEFT_OUT:
            self.start()

    def stop(self) -> None:
        """Sets the figures."""
        self.seconds, self.cpu_seconds = time.perf_counter() - self._began, time.process_time() - self._cpu_began
        self.peak_mb = peak_mb()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def figures(self) -> dict[str, float]:
        """The figures as they are."""
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds, "peak_mb": self.peak_mb}

    def rates(self, rows: int) -> dict[str, float]:
        """The figures of a way that went over so many rows."""
        rates = {"rows_per_second": rows / self.seconds, "rows_per_cpu_second": rows / self.cpu_seconds}
        return {**rates, "peak_mb": self.peak_mb}


def rate_columns(reference: str) -> list[Column]:
    """The columns of what `Meter.rates` returns; the reference is named as in `of the floor`."""
    ratio = Column(reference, "rows_per_second", ".0%", "ratio")
    cost = Column("rows/CPU s", "rows_per_cpu_second"), Column("peak memory, MB", "peak_mb")
    return [Column("rows/s", "rows_per_second"), ratio, *cost]


def peak_mb() -> float:
    """The most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tfelc(*arguments: object) -> None:
    """Runs a command of tfelc in a process of its own; raises TfelcError, with its last words, where it fails."""
    _output(f"tfelc {arguments[0]}", [sys.executable, "-m", "tfelc.commands", *map(str, arguments)], {})


def _output(what: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"its process ended with code {done.returncode}"])[-1]
        raise TfelcError(f"{what}: {reason.removeprefix('error: ')}")
    return done.stdout


def _call_way() -> None:
    place, arguments, *light = sys.argv[1:]
    if not light:
        load_tensorflow()
    print(json.dumps(pkgutil.resolve_name(place)(**json.loads(arguments))))


if __name__ == "__main__":
    run(_call_way)
