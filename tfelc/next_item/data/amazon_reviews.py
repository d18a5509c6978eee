"""Amazon Reviews of 2018 and of 2023, read from a file of one category as it is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.files.formats import without_ending
from tfelc.data.id_numbers import numbered
from tfelc.next_item.data.interaction_table import raw_interactions
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sequences_of_rows import Rows, sequences_of_rows

AMAZON = ("amazon-2018", "amazon-2023")
_ASIN = 10  # characters of every item's id
_SECONDS_END = 10**11  # seconds until the year 5138, milliseconds until 1973
_LINE = 1 << 26  # bytes that a review may have


def read_amazon_reviews(name: str, file: Path, min_user_actions: int, min_item_users: int) -> Sequences:
    """Reads the reviews of a category; of a user's reviews of the same item the earliest one counts.

    2018: JSON lines with `reviewerID`, `asin` and `unixReviewTime` in seconds, or the ratings alone as CSV without a
    heading, in the order item, user, rating, time (that of 2014 has the user first). 2023: JSON lines or CSV with
    `user_id`, `parent_asin` and `timestamp` in milliseconds; the CSV has a heading, and perhaps a `history`, which is
    not read. Read on 2026-11-28: https://amazon-reviews-2023.github.io/data_processing/5core.html for 2023; for the
    order of the CSV of 2018, LensKit's reader, `lenskit.data.load_amazon_ratings`.

    Args:
        name: `amazon-2018` or `amazon-2023`.
        file: The file, plain or compressed with gzip.
        min_user_actions: Reviews that every user must have; 0 keeps all.
        min_item_users: Different users that every item must have; 0 keeps all.

    Raises:
        DataError: The file is missing, broken, of another year, or has times in another unit.
    """
    if not file.is_file():
        raise DataError(f"{file}: no such file; name the file of one category, as {name}:PATH")
    year, is_json = _form(file)
    if f"amazon-{year}" != name:
        fix = f"name it amazon-{year}:{file}" if f"amazon-{year}" in AMAZON else "that year's form is not read"
        raise DataError(f"{file}: a file of Amazon Reviews {year}, not of {name}; {fix}")
    if year == "2023":
        rows = raw_interactions([str(file)], "user_id", "parent_asin", "timestamp")
    else:
        rows = _rows_of_2018(file, is_json)
    is_seconds = rows[2] < _SECONDS_END
    if wrong := int((is_seconds if year == "2023" else ~is_seconds).sum()):
        unit = "milliseconds" if year == "2023" else "seconds"
        raise DataError(f"{file}: {wrong:,} times are not in {unit}, as those of {name} are; take the published file")
    title = without_ending(file.name).removesuffix(".json.gz").removesuffix(".json")
    return sequences_of_rows(f"{name}-{title}", _earliest(rows), min_user_actions, min_item_users, file)


def _form(file: Path) -> tuple[str, bool]:
    """The year that the first line tells, and whether it is JSON."""
    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            line = stream.read(_LINE).split(b"\n", 1)[0].decode("utf-8-sig").strip()
        keys = set(json.loads(line)) if line.startswith("{") else set()
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None
    if keys:
        if {"user_id", "parent_asin", "timestamp"} <= keys:
            return "2023", True
        if {"reviewerID", "asin", "unixReviewTime"} <= keys:
            return ("2014" if "helpful" in keys else "2018"), True
        raise DataError(f"{file}: no file of reviews; its first line has the keys {', '.join(sorted(keys))}")
    fields = line.split(",")
    if fields[:2] == ["user_id", "parent_asin"]:
        return "2023", False
    if len(fields) != 4 or not fields[3].isdigit():
        raise DataError(f"{file}: no file of reviews or ratings; its first line is {line[:80]!r}")
    return "2018", False


def _rows_of_2018(file: Path, is_json: bool) -> Rows:
    try:
        if is_json:
            schema = pa.schema([("asin", pa.string()), ("reviewerID", pa.string()), ("unixReviewTime", pa.int64())])
            reading = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
            with pa.input_stream(str(file), compression="detect") as stream:
                table = pa.json.read_json(stream, pa.json.ReadOptions(block_size=_LINE), reading)
        else:
            names = ["asin", "reviewerID", "rating", "unixReviewTime"]
            types = dict(zip(names, (pa.string(), pa.string(), pa.float32(), pa.int64()), strict=True))
            table = pa.csv.read_csv(
                file,
                pa.csv.ReadOptions(column_names=names),
                convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""]),
            )
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None
    items, users, times = (table[name] for name in ("asin", "reviewerID", "unixReviewTime"))
    if any(column.null_count for column in (items, users, times)):
        raise DataError(f"{file}: a row without item, user or time; take the published file")
    lengths = [pc.mean(pc.equal(pc.utf8_length(column), _ASIN)).as_py() for column in (items, users)]
    if lengths[0] < lengths[1]:
        raise DataError(f"{file}: the first column holds users, as in 2014; amazon-2018 has the item first")
    return _words(users), _words(items), times.to_numpy()


def _words(column: pa.ChunkedArray) -> NDArray[Any]:
    words: NDArray[Any] = column.cast(pa.binary()).to_numpy()
    return words


def _earliest(rows: Rows) -> Rows:
    """Without later reviews of an item by the same user; rows keep their order."""
    users, (catalog, items) = numbered(rows[0])[1], numbered(rows[1])
    order = np.argsort(rows[2], kind="stable")
    first = np.unique(users[order] * len(catalog) + items[order], return_index=True)[1]
    kept = np.sort(order[first])
    return rows[0][kept], rows[1][kept], rows[2][kept]
