import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tfelc.core.errors import SchemaError, TfelcError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.ranker.data.simulated_log import SCHEMA_FILE


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    from tfelc.commands.prepare import app

    return app


def call(app: typer.Typer, *arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_simulated_then_table_from_its_parts(app: typer.Typer, tmp_path: Path) -> None:
    output = call(app, "simulated", "--rows", 5000, "--users", 100, "--seed", 3, "--out", tmp_path / "a")
    assert "4,000" in output and "click rate" in output and f"written to {tmp_path / 'a'}" in output.replace("\n", "")
    made = Dataset(tmp_path / "a")
    assert f"best possible test AUC, ctr: {made.manifest.metadata['best_possible_auc']['ctr']:.4f}" in output
    assert made.manifest.metadata["users"] == 100 and made.manifest.seed == 3
    output = call(
        app, "table", "--schema", SCHEMA_FILE, "--input", tmp_path / "a" / "train" / "*.parquet",
        "--input", tmp_path / "a" / "[tv]*t*" / "*.parquet", "--out", tmp_path / "b",
    )  # fmt: skip
    assert sum(Dataset(tmp_path / "b").manifest.rows.values()) == 5000
    assert Dataset(tmp_path / "b").schema == made.schema
    assert "3,200" in output or "4,000" in output


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["simulated", "--rows", "3"], UsageError, "`rows` must be at least 100"),
        (["table", "--schema", "nowhere.yaml", "--input", "x.csv"], SchemaError, "nowhere.yaml: no such schema file"),
        (["table", "--schema", str(SCHEMA_FILE), "--input", "none/*.csv"], TfelcError, "none/*.csv: no file matches"),
        (
            ["table", "--schema", str(SCHEMA_FILE), "--input", "x.csv", "--master", "spark://h:1"],
            UsageError,
            "--master is for Spark: --engine spark, or a table that it reads, --input spark:NAME",
        ),
        (
            ["table", "--schema", str(SCHEMA_FILE), "--input", "x.csv", "--engine", "spark", "--master", "h:7077"],
            UsageError,
            "--master h:7077: write spark://HOST:PORT",
        ),
        (["kuairand", "--data-dir", "nowhere"], TfelcError, "log_standard_4_25_to_5_08_pure.csv.gz: no such file"),
        (["kuairand-27k", "--data-dir", "nowhere"], TfelcError, "user_features_27k.csv: no such file; name the folder"),
        (["ali-ccp", "--data-dir", "nowhere"], TfelcError, "nowhere: no common_features_train.csv; name the folder"),
        (["aliexpress", "--data-dir", "nowhere"], TfelcError, "nowhere: no train.csv; name the folder of a country"),
        (["mind", "--train", "nowhere", "--dev", "."], TfelcError, "nowhere: no behaviors.tsv; name the folder"),
    ],
)
def test_bad_calls(
    app: typer.Typer, tmp_path: Path, arguments: list[str], kind: type[TfelcError], message: str
) -> None:
    with pytest.raises(kind) as raised:
        call(app, *arguments, "--out", tmp_path / "out")
    assert message in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_label_ends_with_one_line_and_code_one(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(
        "name: small\ncolumns:\n  age: {kind: number, role: user}\n  bought: {kind: label}\n"
        "tasks:\n  buy: {label: bought}\n"
    )
    (tmp_path / "log.csv").write_text("age,bought\n1,0\n2,7\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tfelc.commands",
            "prepare",
            "table",
            "--schema",
            "schema.yaml",
            "--input",
            "log.csv",
            "--out",
            "out",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "error: log.csv: column `bought`, row 2: a label must be 0 or 1. Received: 7\n"
    assert done.stdout == "" and not (tmp_path / "out").exists()


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import json, sys\n"
        "import tfelc.commands.prepare\n"
        "print(json.dumps([m for m in ('tensorflow', 'keras', 'pandas', 'pyarrow', 'numpy') if m in sys.modules]))"
    )
    assert json.loads(subprocess.check_output([sys.executable, "-c", program])) == []
