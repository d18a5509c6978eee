import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "tests" / "support" / "tiny_ranker.yaml"


def _measure(*arguments: object) -> dict[str, object]:
    command = [
        sys.executable,
        "-m",
        "tfelc.experiments.benchmarks.clusters_run",
        *map(str, arguments),
        "--config",
        SETTINGS,
    ]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.strip().splitlines()[-1])


def test_the_share_of_a_step_is_measured(every_kind_dataset, tmp_path):
    found = _measure(
        "step", "--batch-size", 50, "--rounds", 3, "--task", "click,buy", "--data", every_kind_dataset.path
    )
    assert 0 < found["layer_share"] < 1 and found["share"] < 1
    assert found["with_ms"] > 0 and found["clusters"]["count"] == 3


def test_the_layer_is_measured():
    found = _measure("layer", 128, 16)
    assert (found["batch"], found["count"]) == (128, 16)
    assert found["ms"] > 0 and 0 <= found["memory_mb"] < 500
