"""Each user's best items out of a job's parts, in bounded memory."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.errors import ScoringError
from tfelc.core.expression import Expression
from tfelc.lifecycle.scoring.output_folder import RANKING
from tfelc.lifecycle.scoring.storage import Storage
from tfelc.schema.score import LAST_SCORE

SCORE_COLUMN = "score"
RANK_COLUMN = "rank"
_POSITION = "__position"
# Rows that are sorted at a time, about.
_BUCKET = 2_000_000
_MOST_BUCKETS = 512


@dataclass(frozen=True)
class Ranking:
    """What is ranked.

    Attributes:
        k: Rows that are kept for each value of `by`.
        by: Column whose values are ranked for, as a user's id.
        score: The formula; the highest value is best.
    """

    k: int
    by: str
    score: Expression


def write_ranking(
    storage: Storage, parts: Sequence[str], ranking: Ranking, kept: Sequence[str], outputs: Sequence[str], rows: int
) -> tuple[int, int]:
    """Writes `_ranking/part-*.parquet`: `by`, rank from 1, score, and the part's other columns.

    The rows are first distributed into buckets on the local disk by a hash of `by`, each part cut to its best already;
    then one bucket after another is sorted. Equal scores are in the order of the other kept columns, and of the input
    where these are equal too, however the job was cut into shards.

    Args:
        storage: The job's folder.
        parts: Names of its parts, in order.
        ranking: What is ranked.
        kept: Columns of the input in the parts.
        outputs: The model's outputs in the parts.
        rows: Rows of all parts together.

    Returns:
        The rows written, and how many rows of the parts have no finite score.

    Raises:
        ScoringError: No row has a finite score, so that there is nothing to rank by.
    """
    for name in storage.names(RANKING):
        storage.remove(f"{RANKING}/{name}")
    buckets = min(max(1, -(-rows // _BUCKET)), _MOST_BUCKETS)
    ties = [name for name in kept if name != ranking.by]
    written = 0
    endless: list[int] = []
    with tempfile.TemporaryDirectory(prefix="tfelc-ranking-") as folder:
        scored = _counted(_scored(storage, parts, ranking, outputs), endless)
        _distribute(scored, ranking, ties, buckets, Path(folder))
        if rows and sum(endless) == rows:
            raise ScoringError(
                f"`score` {ranking.score.text}: is a finite number for none of the {rows:,} rows; name another formula",
                ["score"],
            )
        for bucket in range(buckets):
            path = _bucket_path(Path(folder), bucket)
            if not path.exists():
                continue
            with pa.ipc.open_stream(path) as reader:
                best = _best(reader.read_all(), ranking, ties)
            path.unlink()
            written += len(best)
            sink = io.BytesIO()
            pq.write_table(best.drop_columns([_POSITION]), sink, compression="zstd")
            storage.write(f"{RANKING}/part-{bucket:05d}.parquet", sink.getvalue())
    return written, sum(endless)


def _scored(storage: Storage, parts: Sequence[str], ranking: Ranking, outputs: Sequence[str]) -> Iterator[pa.Table]:
    """The parts' rows, a row group at a time, with their score and their place in the input."""
    done = 0
    for name in parts:
        with pq.ParquetFile(pa.BufferReader(storage.read(name) or b"")) as file:
            for batch in file.iter_batches():
                table = pa.Table.from_batches([batch])
                score = ranking.score({output: table[output].to_numpy() for output in outputs})
                if SCORE_COLUMN in outputs:
                    # The model's own, which says by its smallest number that there is none.
                    score = np.where(score <= LAST_SCORE, -np.inf, score)
                    table = table.drop_columns([SCORE_COLUMN])
                place = table.column_names.index(next(name for name in outputs if name != SCORE_COLUMN))
                table = table.add_column(place, SCORE_COLUMN, pa.array(score))
                yield table.append_column(_POSITION, pa.array(np.arange(done, done + len(table))))
                done += len(table)


def _counted(tables: Iterator[pa.Table], endless: list[int]) -> Iterator[pa.Table]:
    """The same tables; notes of each how many rows have no finite score."""
    for table in tables:
        endless.append(int(np.isneginf(table[SCORE_COLUMN].to_numpy()).sum()))
        yield table


def _distribute(tables: Iterator[pa.Table], ranking: Ranking, ties: list[str], buckets: int, folder: Path) -> None:
    with ExitStack() as stack:
        writers: dict[int, pa.RecordBatchStreamWriter] = {}
        for table in tables:
            best = _best(table, ranking, ties).drop_columns([RANK_COLUMN])
            bucket_of = _hash(best[ranking.by]) % np.uint64(buckets)
            for bucket in np.unique(bucket_of).tolist():
                if bucket not in writers:
                    new = pa.ipc.new_stream(_bucket_path(folder, bucket), best.schema)
                    writers[bucket] = stack.enter_context(new)
                writers[bucket].write_table(best.filter(pa.array(bucket_of == bucket)))


def _best(table: pa.Table, ranking: Ranking, ties: list[str]) -> pa.Table:
    """The `k` best rows of each `by`, in order, with their rank in the second column."""
    sortable = [name for name in ties if not pa.types.is_list(table[name].type)]
    keys = [(SCORE_COLUMN, "descending"), *((name, "ascending") for name in [*sortable, _POSITION])]
    rows = table.take(pc.sort_indices(table, [(ranking.by, "ascending"), *keys]))
    groups = rows[ranking.by].combine_chunks().dictionary_encode().indices.to_numpy()
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    ranks = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows)))) + 1
    keep = ranks <= ranking.k
    names = [ranking.by, RANK_COLUMN, SCORE_COLUMN]
    ranked = rows.append_column(RANK_COLUMN, pa.array(ranks)) if RANK_COLUMN not in rows.column_names else rows
    others = [name for name in ranked.column_names if name not in names]
    return ranked.select([*names, *others]).filter(pa.array(keep))


def _hash(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    values = column.to_numpy()
    return pd.util.hash_array(values)


def _bucket_path(folder: Path, bucket: int) -> Path:
    return folder / f"{bucket:05d}.arrow"
