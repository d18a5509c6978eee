"""A folder with all that somebody without tfelc needs to send requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tfelc.core.atomic_files import atomic_write
from tfelc.ranker.export.requests import json_request
from tfelc.serving.grpcurl import predict_message

_SUFFIX = ".txt"


def write_request_folder(
    folder: Path, name: str, rest: str, grpc: str, requests: Iterable[tuple[str, str, Mapping[str, npt.NDArray[Any]]]]
) -> list[Path]:
    """Writes requests, the .proto files of the services, and a program in each of several languages.

    Args:
        folder: Where to; made where it is missing.
        name: The model's name.
        rest: The server's REST address.
        grpc: The server's gRPC address.
        requests: Title, signature and inputs of each request; the programs send the first one unless told otherwise.

    Returns:
        The files written.
    """
    texts: dict[str, str] = {}
    for _, signature, inputs in requests:
        texts[f"{signature}.json"] = json_request(signature, inputs) + "\n"
        texts[f"{signature}.grpc.json"] = predict_message(name, signature, inputs) + "\n"
    first = next(iter(texts)).removesuffix(".json")
    filled = {"@FILE@": f"{first}.json", "@GRPCFILE@": f"{first}.grpc.json"}
    filled |= {"@REST@": rest, "@GRPC@": grpc, "@NAME@": name}
    for source in files("tfelc.serving.snippets").iterdir():
        if source.name.endswith(_SUFFIX):
            text = source.read_text(encoding="utf-8")
            for word, value in filled.items():
                text = text.replace(word, value)
            texts[source.name.removesuffix(_SUFFIX)] = text
    for source in files("tfelc.serving.protos").iterdir():
        if source.name.endswith(".proto"):
            texts[source.name] = source.read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        with atomic_write(folder / file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / file for file in sorted(texts)]
