"""The `tfelc` command: its first word names a command, each of which is a module of this folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

from tfelc.core.command_line import run

# Command -> what it does, in the order of `tfelc --help`.
COMMANDS = {
    "draft": "drafts a schema for a table",
    "prepare": "makes a prepared dataset of a log",
    "train": "trains a ranker or a next-item model",
    "search": "searches the settings that do best on the validation split",
    "evaluate": "measures a trained run or an exported version",
    "explain": "says which features an exported ranker goes by",
    "report": "writes a run's page: pictures, tables and plain words",
    "export": "writes a run as a verified version for TensorFlow Serving",
    "publish": "publishes a run where it fulfills the rules beside the served version",
    "rollback": "goes back to the version that was served before",
    "serve": "serves versions by TensorFlow Serving's contract, on this machine",
    "request": "prints ready requests with real rows",
    "score": "scores files with an exported version",
    "monitor": "holds served requests against what an export was made on",
    "canary": "compares what two versions have answered, by the outcomes of their requests",
    "experiment": "compares variants over seeds, with paired intervals",
    "benchmark": "measures speed and memory",
}
_WIDTH = max(map(len, COMMANDS))


def main(command: str | None = None) -> None:
    """Runs a command with the arguments of the process, and ends the process.

    Args:
        command: str. Its name, for a script that stands for one command. Defaults to the first argument.
    """
    arguments = sys.argv[1:]
    if command is None:
        if not arguments or arguments[0] in ("--help", "-h"):
            print(_help())
            raise SystemExit(0 if arguments else 2)
        if arguments[0] == "--version":
            from tfelc import __version__

            print(__version__)
            raise SystemExit(0)
        command, *arguments = arguments
        if command not in COMMANDS:
            print(f"error: no such command: {command}; it is one of {', '.join(COMMANDS)}", file=sys.stderr)
            raise SystemExit(2)
    run(lambda: _app(command, arguments))


def _app(command: str, arguments: Sequence[str]) -> None:
    app: Callable[[], object] = importlib.import_module(f"tfelc.commands.{command}").app
    sys.argv = [f"tfelc {command}", *arguments]
    app()


def _help() -> str:
    lines = [f"  {name:<{_WIDTH}}  {meaning}" for name, meaning in COMMANDS.items()]
    return "\n".join(["usage: tfelc COMMAND [OPTIONS]; tfelc COMMAND --help tells the options", "", *lines])
