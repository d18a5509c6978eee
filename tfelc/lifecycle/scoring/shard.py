"""One of several processes that share a job."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from tfelc.core.errors import UsageError


@dataclass(frozen=True)
class Shard:
    """Process `index` of `count`, from 1."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `i/n`; raises UsageError where it is none."""
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(f"`shard` {text}: write i/n with 1 <= i <= n, as in 2/8", ["shard"])
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.index}-of-{self.count}"

    def takes(self, file_number: int, piece_number: int) -> bool:
        """Whether a piece of a file is this process's."""
        return (file_number + piece_number) % self.count == self.index - 1
