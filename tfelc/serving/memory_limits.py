"""Prints the memory that a server needs for an export: `python -m tfelc.serving.memory_limits --base-path BASE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfelc.core import command_line as cli
from tfelc.core.errors import UsageError

_MIB = 2**20
# The server itself with its libraries, threads and buffers; and requests under way with their answers.
_SERVER, _REQUESTS = 512 * _MIB, 256 * _MIB
# A version's variables, and what their reading holds for a moment beside them.
_COPIES = 2
_STEP = 256 * _MIB

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def show(
    base_path: Annotated[Path, typer.Option(help="Folder with one folder a version.")],
    versions: Annotated[int, typer.Option(min=1, help="Versions in memory at once, during a roll-out too.")] = 2,
) -> None:
    """Prints the limit, as compose.yaml and kubernetes.yaml take it."""
    from tfelc.lifecycle.export.versions import list_versions

    found = list_versions(base_path)
    if not found:
        raise UsageError(f"`base_path` holds no version, BASE/<integer>: {base_path}", ["base_path"])
    size = max(folder_size(base_path / str(version)) for version in found)
    limit = memory_limit(size, versions) // _MIB
    print(f"# the largest version has {size / _MIB:.1f} MiB; {versions} at once\n")
    print(f"MEMORY={limit}m docker compose -f serving/compose.yaml up -d\n")
    print(f'resources:\n  requests: {{cpu: "2", memory: {limit}Mi}}\n  limits: {{memory: {limit}Mi}}')


def memory_limit(size: int, versions: int) -> int:
    """Bytes for a server.

    A rule, not a measurement: twice the folder for each version, 512 MiB for the server and 256 MiB for requests,
    rounded up to a multiple of 256 MiB. Look at what the server takes under your own load, and correct it.

    Args:
        size: Bytes of the largest version's folder.
        versions: Versions in memory at once.

    Example:
        >>> memory_limit(300 * 2**20, 2) // 2**20
        2048
    """
    needed = _SERVER + _REQUESTS + versions * _COPIES * size
    return -(-needed // _STEP) * _STEP


def folder_size(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    cli.run(app)
