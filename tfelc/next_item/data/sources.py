"""Sequences by name or by path."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tfelc.core.cache import cache_home
from tfelc.core.errors import UsageError
from tfelc.core.registry import Registry
from tfelc.data.download import PublicFile, download
from tfelc.data.files.formats import ending_of, table_kind
from tfelc.next_item.data.amazon_reviews import AMAZON, read_amazon_reviews
from tfelc.next_item.data.filtered_sequences import filtered_sequences
from tfelc.next_item.data.filtering import USUAL
from tfelc.next_item.data.interaction_table import read_interactions
from tfelc.next_item.data.movielens import RATINGS, read_movielens
from tfelc.next_item.data.sequence_file import read_sequence_file
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.simulated_sequences import simulate

_ICLREC = "https://raw.githubusercontent.com/salesforce/ICLRec/2890e6c3ff6a22c6699fc19cb863b66786c1cde4/data"
_ELCREC = "https://raw.githubusercontent.com/yueliu1999/ELCRec/ad6e1c806c43df406f92e5671149ef28a705180f/data"

PUBLIC_FILES: dict[str, PublicFile] = {
    "beauty": PublicFile(
        "Beauty.txt",
        f"{_ICLREC}/Beauty.txt",
        "226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8",
        1_090_094,
    ),
    "sports": PublicFile(
        "Sports_and_Outdoors.txt",
        f"{_ICLREC}/Sports_and_Outdoors.txt",
        "2a095e0648872beb9982408958290f5d655db5be2911c3756b5446de9f0b8de2",
        1_707_483,
    ),
    "toys": PublicFile(
        "Toys_and_Games.txt",
        f"{_ICLREC}/Toys_and_Games.txt",
        "176c680c688d497598c4a89a03b402c0fe78d795e5db335c2e78dd5f2d778a3f",
        922_166,
    ),
    "yelp": PublicFile(
        "Yelp.txt",
        f"{_ICLREC}/Yelp.txt",
        "724b219106b81dd2349027da997334ddb6da9fe2f152ad6e0d97a93170f7caed",
        1_814_224,
    ),
    "ml-1m": PublicFile(
        "ml-1m.txt",
        f"{_ELCREC}/ml-1m.txt",
        "6c2c421d604029adde613f403caf09cca256d4bfcb621897a159b77175474827",
        4_732_471,
    ),
}
SIMULATED = "simulated"
Notice = Callable[[str], None]
# Each loads its sequences; it is called with what tells the user before a download.
DATASETS: Registry[Callable[[Notice], Sequences]] = Registry("data set", {})

# Sets without a pinned SHA-256: they are read from one's own copy, `NAME:PATH`. Each is called with the
# path and the fewest actions of a user and users of an item.
PLACED_DATASETS: Registry[Callable[[Path, int, int], Sequences]] = Registry("data set", {})


def load_sequences(
    source: str | Path,
    notice: Notice = lambda text: None,
    min_user_actions: int | None = None,
    min_item_users: int | None = None,
    csv_delimiter: str | None = None,
) -> Sequences:
    """Reads a data set by its name, or files of one's own.

    A public file is looked for in `TFELC_DATA_DIR/sequences`, then in the cache, and is downloaded at last. The owners
    of the Amazon, Yelp and MovieLens data allow research, not redistribution.

    Args:
        source: One of `DATASETS`, or one of `PLACED_DATASETS` and where it lies, `NAME:PATH`, or the path of a `.txt`
            or `.txt.gz` file in the paper's format, or what names a table with the columns `user`, `item` and `time`: a
            file, a folder, a pattern, a URL, `delta:PATH` or `iceberg:PATH`.
        notice: Called with a line for the user before a download.
        min_user_actions: Actions that every user must have; 0 keeps all. Defaults to None: 5 of a table, and 0 of
            sequences in the paper's format, which come filtered.
        min_item_users: Different users that every item must have, likewise.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        UsageError: Neither a known name nor a path.
        DataError: The file is missing, broken, or cannot be downloaded, or nothing is left of it.
    """
    path = Path(source)
    users, items = (USUAL if wanted is None else wanted for wanted in (min_user_actions, min_item_users))
    if placed := _placed(str(source)):
        if csv_delimiter is not None:
            raise UsageError(f"`csv_delimiter` is for tables of your own, not for {placed[0]}", ["csv_delimiter"])
        return PLACED_DATASETS.get(placed[0])(Path(placed[1]), users, items)
    if isinstance(source, str) and source in DATASETS.names():
        sequences = DATASETS.get(source)(notice)
    elif path.name.endswith((".txt", ".txt.gz")):
        sequences = read_sequence_file(path)
    elif _names_a_table(str(source)):
        return read_interactions(source, min_user_actions=users, min_item_users=items, csv_delimiter=csv_delimiter)
    else:
        raise _no_source(source)
    if min_user_actions is None and min_item_users is None:
        return sequences
    return filtered_sequences(sequences, min_user_actions or 0, min_item_users or 0)


def _placed(source: str) -> tuple[str, str] | None:
    """The name and the place of one's own copy of a set; None where the source names none."""
    name, _, place = source.partition(":")
    if name not in PLACED_DATASETS.names() or (not place and Path(source).exists()):
        return None
    if not place:
        raise UsageError(f"{name} is read from a copy of your own; say where it lies: {name}:PATH")
    return name, place


def _names_a_table(source: str) -> bool:
    is_found = ending_of(Path(source).name) or table_kind(source) or Path(source).is_dir()
    return bool(is_found) or any(sign in source for sign in "/*?[")


def _no_source(source: str | Path) -> UsageError:
    return UsageError(
        f"no data set `{source}`; use {', '.join(DATASETS.names())}, or the path of a .txt (.gz too), .parquet, .csv, "
        ".tsv or .jsonl file or of a folder of them, or "
        f"{', '.join(f'{kind}:PATH' for kind in ('delta', 'iceberg', *PLACED_DATASETS.names()))}"
    )


def lasting(source: str) -> str:
    """The source so that it names the same from every folder."""
    if source in DATASETS.names() or "://" in source:
        return source
    if placed := _placed(source):
        return f"{placed[0]}:{Path(placed[1]).absolute()}"
    kind = table_kind(source)
    place = str(Path(source if kind is None else source.removeprefix(f"{kind}:")).absolute())
    return place if kind is None else f"{kind}:{place}"


def _public(name: str, notice: Notice) -> Sequences:
    return read_sequence_file(_found(name, PUBLIC_FILES[name], notice), name=name)


def _found(name: str, file: PublicFile, notice: Notice) -> Path:
    if home := os.environ.get("TFELC_DATA_DIR"):
        for path in (Path(home) / "sequences" / file.name, Path(home) / "sequences" / f"{file.name}.gz"):
            if path.is_file():
                return path
    folder = cache_home() / "sequences"
    if not (folder / file.name).is_file():
        notice(f"downloading {name} from {file.url}")
    return download(file, folder)


for _name in PUBLIC_FILES:
    DATASETS.register(_name, partial(_public, _name))
DATASETS.register(SIMULATED, lambda notice: simulate().sequences)
for _name in RATINGS:
    PLACED_DATASETS.register(_name, partial(read_movielens, _name))
for _name in AMAZON:
    PLACED_DATASETS.register(_name, partial(read_amazon_reviews, _name))
