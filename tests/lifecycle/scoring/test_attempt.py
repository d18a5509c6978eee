"""Of several attempts at a part, one gets its name."""

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.every_kind import every_kind_rows
from tfelc.data.files.log_file import LogFile
from tfelc.lifecycle.scoring.input_reader import Piece
from tfelc.lifecycle.scoring.output_folder import OutputFolder
from tfelc.lifecycle.scoring.part import PartEncoder
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.lifecycle.scoring.spark.score_pieces import work_of
from tfelc.ranker.scoring.scoring_job import ScoringJob

NAME = "part-00000-00007.parquet"


def test_the_attempt_that_counts_gets_the_names_and_the_others_go(tmp_path):
    content, _ = PartEncoder(Piece(LogFile("log", "parquet"), 0, 7), pa.schema([("ctr", pa.float32())])).finish()
    folder = OutputFolder(str(tmp_path), {}, Shard())
    for mark in ("11", "12"):
        assert folder.of_attempt(mark).write(NAME, content, mark.encode()).name == NAME
    (tmp_path / "_attempts/.part.0123.tmp").touch()
    assert folder.finished() == set()
    folder.commit(NAME, "12")
    folder.clear_attempts()
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {NAME: content, f"_quarantine/{NAME}": b"12"}
    assert not (tmp_path / "_attempts").exists()


def test_small_row_groups_are_scored_several_in_a_task(settings, tmp_path, monkeypatch):
    from tfelc.lifecycle.scoring.spark import score_pieces

    monkeypatch.setattr(score_pieces, "ROWS_A_TASK", 30)
    for name, rows, group in (("a", 50, 10), ("b", 45, 40)):
        pq.write_table(every_kind_rows(rows, 1), tmp_path / f"{name}.parquet", row_group_size=group)
    job = ScoringJob(settings(tmp_path / "scores", inputs=(f"{tmp_path}/*.parquet",)))
    tasks = work_of(job, {"part-00000-00001.parquet"}, [0, 1])
    # A group that is larger than a task is one by itself.
    assert [[(work.number, set(work.groups)) for work in task] for task in tasks] == [
        [(0, {0, 2, 3})],
        [(0, {4})],
        [(1, {0})],
        [(1, {1})],
    ]
