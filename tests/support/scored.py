"""What a scoring job wrote."""

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.ranker.scoring.scoring_job import ScoringJob


def run(settings):
    return ScoringJob(settings).run()


def scores(folder) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def parts(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.parquet")}
