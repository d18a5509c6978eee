"""The folder of a scoring job: parts, quarantine, manifest, and the mark of success, written last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfelc import __version__
from tfelc.core.errors import ScoringError
from tfelc.core.json_text import json_text
from tfelc.lifecycle.scoring.attempt import ATTEMPTS, Attempt
from tfelc.lifecycle.scoring.part import Part
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.lifecycle.scoring.storage import Storage

# What is no part begins with `_`: pandas, pyarrow, DuckDB's and Spark's readers of a folder pass over such names.
MANIFEST = "_manifest.json"
SUCCESS = "_SUCCESS"
QUARANTINE = "_quarantine"
RANKING = "_ranking"
_JOB = "_job.json"
_SHARDS = "_shards"
_FILES, _FOLDERS = (_JOB, MANIFEST), (QUARANTINE, RANKING, _SHARDS)


class OutputFolder:
    """Where a job's results go.

    `_job.json` says whose they are and is written first; a job that is started again finds in it that the parts there
    are its own. `_SUCCESS` is written last, after `_manifest.json`. A folder of an earlier version, whose names lack
    the `_`, gets the names of today when a job goes on in it.

    Args:
        url: Local path, or a URL that fsspec opens.
        job: What the parts depend on: model, inputs, columns.
        shard: Which of the job's processes this is.
    """

    def __init__(self, url: str, job: dict[str, Any], shard: Shard) -> None:
        self.storage = Storage(url)
        self._job = job
        self._shard = shard

    @property
    def url(self) -> str:
        """Its path or URL."""
        return self.storage.url

    @property
    def is_complete(self) -> bool:
        """Whether the job has ended well."""
        return self.storage.read(SUCCESS) is not None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Holds the folder for this process while the block runs.

        Raises:
            ScoringError: Another process holds it, it holds something else, or it cannot be written to.
        """
        with self.storage.locked(f".lock-{self._shard}", shared=self._shard.count > 1):
            self._rename_old()
            content = self.storage.read(_JOB)
            if content is None:
                if strangers := sorted(name for name in self.storage.names() - {_JOB} if not name.startswith(".")):
                    raise ScoringError(
                        f"{self.url}: holds {strangers[0]}, which is of no scoring job; name another folder"
                    )
                self.storage.write(_JOB, _text(self._job))
            else:
                self._refuse_another(content)
            yield

    def begun_with(self) -> list[str]:
        """Paths of the inputs of the job that was begun there; none where there is no job."""
        try:
            return [str(each["path"]) for each in json.loads(self.storage.read(_JOB) or b"")["inputs"]]
        except (ValueError, KeyError, TypeError):
            return []

    def _rename_old(self) -> None:
        if not _is_job(self.storage.read(_JOB.removeprefix("_"))):
            return
        for folder in _FOLDERS:
            old = folder.removeprefix("_")
            for name in self.storage.names(old):
                self.storage.rename(f"{old}/{name}", f"{folder}/{name}")
            self.storage.remove_empty(old)
        # The job's own file last, since it tells that there is something to rename.
        for name in reversed(_FILES):
            self.storage.rename(name.removeprefix("_"), name)

    def _refuse_another(self, content: bytes) -> None:
        try:
            found = json.loads(content)
        except ValueError:
            raise ScoringError(f"{self.url}/{_JOB}: damaged; remove the folder, or name another one") from None
        for key, wanted in json.loads(_text(self._job)).items():
            if found.get(key) != wanted:
                raise ScoringError(
                    f"{self.url}: holds the scores of a job with another `{key}`; name another folder, or remove it"
                )

    def finished(self) -> set[str]:
        """Names of the parts that are there."""
        return {name for name in self.storage.names() if name.startswith("part-")}

    def part(self, name: str) -> Part:
        """Reads what a part says; raises ScoringError where it is damaged."""
        content = self.storage.read(name)
        if content is None:
            raise ScoringError(f"{self.url}/{name}: vanished while the job was running")
        try:
            return Part.of(name, content)
        except ScoringError as error:
            raise ScoringError(f"{self.url}/{error}") from None

    def write(self, name: str, content: bytes, quarantine: bytes | None) -> Part:
        """Writes a part; before it, so that a part is never there without it, its quarantine."""
        if quarantine is not None:
            self.storage.write(f"{QUARANTINE}/{name}", quarantine)
        self.storage.write(name, content)
        return Part.of(name, content)

    def of_attempt(self, mark: str) -> Attempt:
        """Where one attempt at some parts writes, of which only the one that counts is to have their names.

        Args:
            mark: What no other attempt of the job has.
        """
        return Attempt(self.storage, mark)

    def commit(self, name: str, mark: str) -> None:
        """Gives a part, and before it its quarantine, the name it is to have."""
        part, quarantine = self.of_attempt(mark).names(name)
        self.storage.rename(quarantine, f"{QUARANTINE}/{name}")
        self.storage.rename(part, name)

    def clear_attempts(self) -> None:
        """Removes what attempts that do not count have left."""
        for name in self.storage.names(ATTEMPTS):
            self.storage.remove(f"{ATTEMPTS}/{name}")
        self.storage.remove_empty(ATTEMPTS)
        if self._shard.count == 1:  # else the others may be writing theirs just now
            self.storage.remove_temporary()

    def finish_shard(self, parts: list[Part]) -> list[Part] | None:
        """Says that this process has done its share.

        Returns:
            The parts of all processes, in order, or None while others are at work.
        """
        if self._shard.count == 1:
            return sorted(parts, key=lambda part: part.name)
        names = sorted(part.name for part in parts)
        self.storage.write(f"{_SHARDS}/{self._shard}.json", json.dumps(names).encode())
        done = self.storage.names(_SHARDS)
        wanted = [f"{Shard(index, self._shard.count)}.json" for index in range(1, self._shard.count + 1)]
        if not set(wanted) <= done:
            return None
        own = {part.name: part for part in parts}
        every = [name for each in wanted for name in json.loads(self.storage.read(f"{_SHARDS}/{each}") or b"[]")]
        return [own.get(name) or self.part(name) for name in sorted(every)]

    def manifest(self) -> dict[str, Any]:
        """Reads the manifest; raises ScoringError where it is missing or damaged."""
        try:
            return dict(json.loads(self.storage.read(MANIFEST) or b""))
        except ValueError:
            raise ScoringError(
                f"{self.url}/{MANIFEST}: missing or damaged; remove {SUCCESS}, and start again"
            ) from None

    def finish(self, manifest: dict[str, Any]) -> None:
        """Writes the manifest."""
        self.storage.write(MANIFEST, _text({"format": 1, "tfelc": __version__, **self._job, **manifest}))

    def mark_success(self) -> None:
        """Writes the mark of success."""
        self.storage.write(SUCCESS, b"")


def _is_job(content: bytes | None) -> bool:
    """Whether a file is what an earlier version wrote of a job, and not somebody's of the same name."""
    try:
        found = json.loads(content or b"")
    except ValueError:
        return False
    return isinstance(found, dict) and {"model", "inputs", "columns", "shards"} <= found.keys()


def _text(content: dict[str, Any]) -> bytes:
    return (json_text(content) + "\n").encode()
