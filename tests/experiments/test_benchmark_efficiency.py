import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_training_its_start_and_the_ranking_are_measured(tmp_path):
    config = tmp_path / "tiny.yaml"
    config.write_text(
        "model:\n  encoder: {dim: 16}\n  clusters: {count: 4, start: kmeans}\n  neighbors: {weight: 1}\n"
        "  contrast: {views: dropout, sequence_weight: 0.1}\ntraining: {samples: sequences}\n"
    )
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "tfelc.experiments.benchmarks.efficiency_run",
            "elcrec",
            "simulated",
            config,
            "--epochs",
            "1",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.strip().splitlines()[-1])
    assert set(found) == {"cpu_s", "wall_s", "start_cpu_s", "peak_mb", "rank_s"}
    assert min(found.values()) > 0
