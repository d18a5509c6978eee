"""The ranker inside a Spark session: `tfelc.spark.prepare(log, schema, out)`, `tfelc.spark.score(frame, model)`."""

from tfelc.data.spark.prepare import prepare as prepare
from tfelc.ranker.scoring.spark import score as score
