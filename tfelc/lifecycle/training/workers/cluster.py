"""The processes that train one model together, as the environment names them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfelc.core.errors import UsageError

VARIABLE = "TF_CONFIG"
# In the order of the ranks, which is TensorFlow's.
_TRAINING = ("chief", "worker")


@dataclass(frozen=True)
class Cluster:
    """Workers by their addresses, and which of them this process is.

    Attributes:
        addresses: `host:port` of each worker, the chief first.
        rank: The number of this one, from 0, the chief's.

    Example:
        >>> Cluster(("10.0.0.1:2222", "10.0.0.2:2222"), rank=1).is_chief
        False
    """

    addresses: tuple[str, ...]
    rank: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    def to_text(self) -> str:
        """The text of `TF_CONFIG` that says so."""
        task = {"type": "worker", "index": self.rank}
        return json.dumps({"cluster": {"worker": list(self.addresses)}, "task": task})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Cluster | None:
        """What `TF_CONFIG` says; None where it is not set, or names one process alone.

        Args:
            environment: Mapping of variables to their values. Defaults to this process's.

        Raises:
            UsageError: It is no such description.
        """
        text = environment.get(VARIABLE, "").strip()
        if not text:
            return None
        try:
            content = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{VARIABLE}: no JSON: {error}") from None
        cluster = content.get("cluster") if isinstance(content, dict) else None
        if content == {} or cluster == {}:
            return None
        addresses = _addresses(cluster)
        rank = _rank(content.get("task"), cluster)
        return cls(addresses, rank) if len(addresses) > 1 else None


def _addresses(cluster: Any) -> tuple[str, ...]:
    if not isinstance(cluster, dict):
        raise UsageError(f'{VARIABLE}: has no `cluster`; it is {{"cluster": {{"worker": ["host:port", ...]}}, ...}}')
    if foreign := sorted(set(cluster) - {*_TRAINING}):
        raise UsageError(f"{VARIABLE}: `cluster` has `{foreign[0]}`; a ranker is trained by `chief` and `worker` alone")
    found = []
    for kind in _TRAINING:
        listed = cluster.get(kind, [])
        if not isinstance(listed, list) or not all(isinstance(each, str) and _is_address(each) for each in listed):
            raise UsageError(f"{VARIABLE}: `cluster.{kind}` must be a list of host:port. Received: {listed!r}")
        found += listed
    if len(cluster.get("chief", [])) > 1:
        raise UsageError(f"{VARIABLE}: `cluster.chief` must name one process. Received: {cluster['chief']!r}")
    if not found or len(set(found)) < len(found):
        raise UsageError(f"{VARIABLE}: `cluster` must name each process once. Received: {found!r}")
    return tuple(found)


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) < 65_536


def _rank(task: Any, cluster: Any) -> int:
    kind, index = (task.get("type"), task.get("index")) if isinstance(task, dict) else (None, None)
    number = int(index) if isinstance(index, str) and index.isdigit() else index
    listed = cluster.get(kind, []) if kind in _TRAINING else []
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(listed):
        raise UsageError(
            f'{VARIABLE}: `task` must be one of `cluster`, as {{"type": "worker", "index": 0}}. Received: {task!r}'
        )
    return number + (len(cluster.get("chief", [])) if kind == "worker" else 0)
