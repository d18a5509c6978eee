"""Jobs killed by SIGKILL at 20 random moments, and started again until they are done."""

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows
from tests.support.warm_process import warm_context

PIECES = 40
ROWS = 30


def work(settings, answers):
    """The job, in a process of its own."""
    from tfelc.lifecycle.scoring import input_reader
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker
    from tfelc.ranker.scoring.scoring_job import ScoringJob

    input_reader.BATCH = 10
    if answers == "stand-in":
        # Loading a graph takes longer than all the rest; so most kills are spent on a model that needs none.
        ExportedRanker.load = lambda self: None
        ExportedRanker.score = lambda self, rows: stand_in(self, rows)
    ScoringJob(settings).run()


def stand_in(ranker, rows):
    time.sleep(0.002)
    share = np.abs(np.sin(rows["impression"].to_numpy())).astype(np.float32)
    return {name: share if dtype == "float32" else share.astype(np.int64) for name, dtype in ranker.outputs.items()}


@pytest.fixture(scope="module")
def job(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kill")
    rows = every_kind_rows(PIECES * ROWS, 90)
    ids = rows["impression"].to_pylist()
    ids[77] = None
    pq.write_table(rows.set_column(0, "impression", [ids]), folder / "log.parquet", row_group_size=ROWS)
    return settings(folder / "none", inputs=(f"{folder}/log.parquet",), keep=("product_id",))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.slow
@pytest.mark.parametrize(("answers", "kills"), [("stand-in", 18), ("graph", 2)])
def test_killed_and_started_again_the_output_is_the_same(job, tmp_path, answers, kills):
    def start(folder):
        process = warm_context().Process(target=work, args=(replace(job, output=str(folder)), answers))
        process.start()
        return process

    whole = tmp_path / "whole"
    process = start(whole)
    while not list(whole.glob("part-*")) and process.is_alive():
        time.sleep(0.001)
    began = time.monotonic()
    process.join()
    writing = time.monotonic() - began
    assert process.exitcode == 0
    expected = contents(whole)
    assert len(expected) == PIECES + 1 and "_quarantine/part-00000-00002.parquet" in expected

    moments = random.Random(4)
    killed, halfway, number = 0, 0, 0
    while killed < kills:
        folder = tmp_path / f"scores-{number}"
        number += 1
        while True:
            process = start(folder)
            if killed < kills:
                before = len(list(folder.glob("part-*")))
                # One in eight is killed before it writes, the others while they do.
                early = moments.random() < 1 / 8
                while not early and process.is_alive() and len(list(folder.glob("part-*"))) == before:
                    time.sleep(0.001)
                process.join(moments.uniform(0, 0.7) * writing)
                process.kill()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            killed += 1
            done = len(list(folder.glob("part-*")))
            halfway += 0 < done < PIECES
            assert done == PIECES or not (folder / "_SUCCESS").exists()
        assert (folder / "_SUCCESS").exists()
        assert contents(folder) == expected
        assert not list(folder.rglob(".*.tmp"))
    assert halfway >= kills // 2
