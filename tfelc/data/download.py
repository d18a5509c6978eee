"""Downloads a public file once: resumed where it was cut off, and checked before it takes its name."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tfelc.core.errors import DataError

_TRIES = 10
_CHUNK = 1 << 16
_TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class PublicFile:
    """A file on the web that never changes.

    Attributes:
        name: Name of the file on disk.
        url: Where it is.
        sha256: Checksum of its bytes, in hex.
        size: Its bytes; no more are read.
    """

    name: str
    url: str
    sha256: str
    size: int


def download(file: PublicFile, folder: Path) -> Path:
    """Gives the path of the file in a folder, and downloads it where it is not there yet.

    Bytes gather in `.NAME.part`, which stays after a failure, so that the next call goes on where this one stopped. A
    second process waits for the first.

    Args:
        file: What to download.
        folder: Where to keep it; made where it does not exist.

    Raises:
        DataError: The server cannot be reached, answers with an error or with another file, or the disk refuses.
    """
    path = folder / file.name
    if _is_whole(path, file):
        return path
    part = folder / f".{file.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            if _is_whole(path, file):  # another process was faster
                return path
            _gather(file, out, path)
            out.flush()
            if _checksum(part) != file.sha256:
                out.truncate(0)
                raise DataError(f"{file.url}: another file than expected: its SHA-256 differs; {_by_hand(path)}")
            os.fsync(out.fileno())
            os.replace(part, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def _gather(file: PublicFile, out: IO[bytes], path: Path) -> None:
    """Appends to `out` until all bytes are there, as long as each try brings some."""
    for _ in range(_TRIES):
        before = out.seek(0, os.SEEK_END)
        if before == file.size:
            return
        reason = "the connection broke off"
        try:
            _fetch(file, out, path)
        except urllib.error.HTTPError as error:
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise DataError(
                    f"{file.url}: the server answered {error.code} {error.reason}; {_by_hand(path)}"
                ) from None
            out.truncate(0)  # what was kept is no part of the file
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", None) or error) or type(error).__name__
        there = out.seek(0, os.SEEK_END)
        if there == before:
            break
    if there != file.size:
        raise DataError(
            f"{file.url}: cannot be downloaded: {reason}, {there:,} of {file.size:,} bytes are here; "
            f"try again, or {_by_hand(path)}"
        )


def _fetch(file: PublicFile, out: IO[bytes], path: Path) -> None:
    """Reads one answer to its end and appends it."""
    there = out.seek(0, os.SEEK_END)
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={there}-"} if there else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        goes_on = response.status == http.client.PARTIAL_CONTENT
        if not goes_on or not response.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            out.truncate(0)
            there = 0
            if goes_on:
                return  # the server sends some other part: begin again
        while chunk := response.read(_CHUNK):
            there += len(chunk)
            if there > file.size:
                out.truncate(0)
                raise DataError(f"{file.url}: another file than expected: over {file.size:,} bytes; {_by_hand(path)}")
            out.write(chunk)


def _is_whole(path: Path, file: PublicFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and _checksum(path) == file.sha256


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_hand(path: Path) -> str:
    return f"save it by hand as {path}"
