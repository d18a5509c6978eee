"""One output part: the scores of one piece of the input, with what was counted on the way."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.core.errors import ScoringError
from tfelc.lifecycle.scoring.input_reader import Piece
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.scorer import ScoredBatch

_ROWS_PER_GROUP = 65_536
_METADATA = "tfelc"


@dataclass(frozen=True)
class Part:
    """A part as it was written.

    Attributes:
        name: Its file name.
        source: Path of the input file.
        piece: Number of the piece in that file.
        rows: Rows scored.
        size: Its bytes.
        sha256: Checksum of the file.
        measures: What was counted.
    """

    name: str
    source: str
    piece: int
    rows: int
    size: int
    sha256: str
    measures: Measures

    @classmethod
    def of(cls, name: str, content: bytes) -> Self:
        """Reads what a part's file says.

        Raises:
            ScoringError: The file is damaged.
        """
        try:
            metadata = pq.read_metadata(pa.BufferReader(content))
            facts = json.loads(metadata.metadata[_METADATA.encode()])
            measures = Measures.parse(json.dumps(facts["measures"]))
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
            raise ScoringError(f"{name}: damaged; remove it, and start the job again to have it made anew") from None
        return cls(
            name=name,
            source=facts["source"],
            piece=facts["piece"],
            rows=metadata.num_rows,
            size=len(content),
            sha256=sha256(content).hexdigest(),
            measures=measures,
        )

    def metadata(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "source": self.source,
            "piece": self.piece,
            "rows": self.rows,
            "bad_rows": self.measures.bad,
            "bytes": self.size,
            "sha256": self.sha256,
        }


class PartEncoder:
    """Encodes a piece's scored batches as Parquet, in memory; equal rows give equal bytes.

    Args:
        piece: The piece.
        schema: Columns of the output.
    """

    def __init__(self, piece: Piece, schema: pa.Schema) -> None:
        self._piece = piece
        self._schema = schema
        self._sink = io.BytesIO()
        self._writer = pq.ParquetWriter(self._sink, schema, compression="zstd", write_page_checksum=True)
        self._waiting: list[pa.Table] = []
        self._quarantine: list[pa.Table] = []
        self._measures = Measures()

    def add(self, batch: ScoredBatch) -> None:
        """Adds the next batch."""
        self._waiting.append(batch.rows)
        self._measures.add(batch.measures)
        if len(batch.quarantine):
            self._quarantine.append(batch.quarantine)
        if sum(map(len, self._waiting)) >= _ROWS_PER_GROUP:
            self._flush()

    def finish(self) -> tuple[bytes, bytes | None]:
        """The part's file, and that of its quarantine where there is one."""
        self._flush()
        facts = {
            "source": self._piece.file.source,
            "piece": self._piece.number,
            "measures": json.loads(self._measures.dump()),
        }
        self._writer.add_key_value_metadata({_METADATA: json.dumps(facts, sort_keys=True)})
        self._writer.close()
        quarantine = None
        if self._quarantine:
            sink = io.BytesIO()
            pq.write_table(pa.concat_tables(self._quarantine), sink, compression="zstd")
            quarantine = sink.getvalue()
        return self._sink.getvalue(), quarantine

    def _flush(self) -> None:
        rows = pa.concat_tables([self._schema.empty_table(), *self._waiting]).combine_chunks()
        if len(rows):
            self._writer.write_table(rows, row_group_size=_ROWS_PER_GROUP)
        self._waiting = []
