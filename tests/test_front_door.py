"""`import tfelc` and what it offers: the same results as the commands, by objects."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tfelc
from tests.support.command import call
from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.training import SETTINGS
from tfelc.core.errors import ConfigError, DataError, RunError, SchemaError, UsageError
from tfelc.core.json_text import json_text

SMALL = {"model.encoder.dim": 8, "training.epochs": 1, "training.batch_size": 64}


def _in_process(program, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_importing_it_loads_nothing_heavy() -> None:
    program = (
        "import time, sys; start = time.process_time(); import tfelc; spent = time.process_time() - start\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'pyarrow', 'numpy', 'pydantic', 'rich'} & set(sys.modules)\n"
        "print(spent < 0.5, heavy, tfelc.__all__)\n"
        "tfelc.Schema, tfelc.Ranker, tfelc.NextItemModel, tfelc.load\n"
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    offered = ["NextItemModel", "Ranker", "Schema", "draft_schema", "load", "spark"]
    assert _in_process(program)[0] == f"True set() {offered}\nset()\n"


def test_what_it_does_not_offer_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tfelc' has no attribute 'Rankr'"):
        tfelc.Rankr  # noqa: B018
    assert set(tfelc.__all__) <= set(dir(tfelc))


@pytest.fixture(scope="module")
def log():
    return every_kind_rows(400, 3).to_pandas()


@pytest.fixture(scope="module")
def fitted(log):
    return tfelc.Ranker(every_kind_schema(), settings=SETTINGS).fit(log, progress=False)


@pytest.fixture(scope="module")
def by_commands(tmp_path_factory, log):
    """The same by `prepare`, `train` and `evaluate --json`: the run's folder and what was printed."""
    folder = tmp_path_factory.mktemp("commands")
    pq.write_table(pa.Table.from_pandas(log, preserve_index=False), folder / "log.parquet")
    (folder / "schema.yaml").write_text(every_kind_schema().dump())
    for words in (
        ("prepare", "table", "--schema", folder / "schema.yaml", "--input", folder / "log.parquet", "--seed", 0)
        + ("--out", folder / "data"),
        ("train", "--task", "click,buy", "--data", folder / "data", "--config", SETTINGS, "--run", folder / "run"),
    ):
        outcome = call(*words)
        assert outcome.code == 0, outcome.err
    return folder / "run", json.loads(call("evaluate", "--run", folder / "run", "--json").out)


def test_a_ranker_is_what_the_commands_make(fitted, by_commands, log) -> None:
    run, printed = by_commands
    assert fitted.tasks == ["click", "buy"]
    assert json.loads(json_text(fitted.evaluate())) == printed
    trained = tfelc.load(run)
    pd.testing.assert_frame_equal(fitted.predict(log), trained.predict(log))


def test_scores_have_the_frames_index_and_a_column_for_each_output(fitted, log) -> None:
    chosen = log.iloc[[7, 3]].set_axis(["a", "b"])
    scores = fitted.predict(chosen)
    assert list(scores.index) == ["a", "b"]
    assert list(scores) == ["click", "buy", "click_and_buy", "cluster", "cluster_share"]
    np.testing.assert_allclose(scores["click_and_buy"], scores["click"] * scores["buy"], rtol=1e-6)
    whole = fitted.predict(log)
    np.testing.assert_allclose(scores["click"], whole["click"].iloc[[7, 3]], rtol=1e-5)


def test_it_says_what_it_is_and_where_its_run_lies(fitted) -> None:
    assert repr(tfelc.Ranker(every_kind_schema(), ["buy", "click"])) == "Ranker(buy, click; not fitted)"
    assert repr(fitted) == f"Ranker(click, buy; {fitted.run.path})"
    assert repr(tfelc.NextItemModel("sasrec")) == "NextItemModel(sasrec; not fitted)"


def test_rows_may_come_as_arrow_or_files(fitted, log, tmp_path) -> None:
    table = pa.Table.from_pandas(log, preserve_index=False)
    for number in range(2):
        pq.write_table(table.slice(200 * number, 200), tmp_path / f"{number}.parquet")
    wanted = fitted.predict(log).reset_index(drop=True)
    for source in (table, f"{tmp_path}/*.parquet", [tmp_path / "0.parquet", tmp_path / "1.parquet"]):
        pd.testing.assert_frame_equal(fitted.predict(source), wanted, rtol=1e-5)
    for name in ("history", "tags"):
        joined = pa.array(["|".join(map(str, values)) for values in table[name].to_pylist()])
        table = table.set_column(table.column_names.index(name), name, joined)
    table.to_pandas().to_csv(tmp_path / "log.csv", sep=";", index=False)
    with pytest.raises(DataError, match="`;` seems to separate the columns: name it with `csv_delimiter`"):
        fitted.predict(tmp_path / "log.csv")
    pd.testing.assert_frame_equal(fitted.predict(tmp_path / "log.csv", csv_delimiter=";"), wanted, rtol=1e-5)
    assert fitted.evaluate(tmp_path / "log.csv", csv_delimiter=";")["count"] == len(wanted)


def test_a_frame_with_labels_is_measured(fitted, log) -> None:
    found = fitted.evaluate(log)
    assert (found["unit"], found["count"], found["split"]) == ("rows", len(log), "data")
    scores = fitted.predict(log)
    assert found["metrics"]["click"]["calibration"] == pytest.approx(scores["click"].mean() / log["clicked"].mean())


def test_it_is_saved_and_loaded_exported_and_reported(fitted, log, tmp_path) -> None:
    fitted.save(tmp_path / "run")
    with pytest.raises(RunError, match="run: holds a run already; name another folder$"):
        fitted.save(tmp_path / "run")
    saved = tfelc.load(tmp_path / "run")
    pd.testing.assert_frame_equal(saved.predict(log), fitted.predict(log))
    # Its data goes with it.
    assert json_text(saved.evaluate()) == json_text(fitted.evaluate())
    version = saved.export(tmp_path / "exports", progress=False)
    assert version == tmp_path / "exports" / "1"
    exported = tfelc.load(version)
    pd.testing.assert_frame_equal(exported.predict(log), fitted.predict(log), rtol=1e-4, check_dtype=False)
    page = saved.report(tmp_path / "page.html", progress=False)
    assert "<svg" in page.read_text()
    # The base folder stands for its latest version.
    (tmp_path / "exports" / "2").mkdir()
    assert tfelc.load(tmp_path / "exports" / "1").path == version
    (tmp_path / "exports" / "2").rmdir()
    assert tfelc.load(tmp_path / "exports").path == version


def test_rows_to_validate_on_may_be_given(log) -> None:
    settings = {"training.epochs": 1, "model.architecture.units": [4], "model.clusters.num_clusters": 2}
    ranker = tfelc.Ranker(every_kind_schema(), ["click"], settings)
    ranker.fit(log[:300], validation=log[300:], progress=False)
    assert ranker.run.metadata["rows"] == {"train": 300, "validation": 100, "test": 100}


def test_a_prepared_folder_is_taken_as_it_is(every_kind_dataset, tmp_path) -> None:
    ranker = tfelc.Ranker(every_kind_dataset.schema, ["click"], {"training.epochs": 1})
    ranker.fit(every_kind_dataset.path, run=tmp_path / "run", progress=False)
    assert ranker.run.metadata["data_hash"] == every_kind_dataset.hash
    with pytest.raises(UsageError, match="leave out `validation`"):
        ranker.fit(every_kind_dataset.path, validation=every_kind_dataset.path)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: tfelc.Ranker("nowhere.yaml"), SchemaError, "nowhere.yaml: no such schema file"),
        (lambda: tfelc.Ranker({}), SchemaError, "schema"),
        (lambda: tfelc.Ranker(every_kind_schema(), ["clik"]), UsageError, "no task `clik`"),
        (lambda: tfelc.Ranker(every_kind_schema(), settings={"model.cluster": 3}), ConfigError, "`model.cluster`"),
        (lambda: tfelc.Ranker(every_kind_schema()).predict([1]), UsageError, "not fitted yet"),
        (lambda: tfelc.Ranker(every_kind_schema()).fit(3), DataError, "a log is a pandas DataFrame"),
        (
            lambda: tfelc.Ranker(every_kind_schema()).fit(pd.DataFrame({"x": [1]})),
            DataError,
            "frame: column .* missing",
        ),
        (lambda: tfelc.NextItemModel("sasrek"), UsageError, "no next-item model `sasrek`; .* did you mean `sasrec`"),
        (lambda: tfelc.NextItemModel(settings={"training.epoch": 3}), ConfigError, "`training.epoch`"),
        (
            lambda: tfelc.NextItemModel("elcrec", {"model.name": "sasrec"}),
            UsageError,
            "`settings` are those of sasrec, not of `elcrec`",
        ),
        (lambda: tfelc.Ranker(every_kind_schema(), ["click", "click"]), UsageError, "`tasks` takes different task"),
        (lambda: tfelc.NextItemModel().recommend([[]]), UsageError, "not fitted yet"),
        (lambda: tfelc.load("nowhere"), UsageError, "nowhere: no such folder"),
        (lambda: tfelc.load("."), UsageError, "neither a run of tfelc"),
    ],
)
def test_faults_name_settings_and_arguments_not_flags(make, error, words) -> None:
    with pytest.raises(error, match=words) as raised:
        make()
    assert "--" not in str(raised.value)


@pytest.fixture(scope="module")
def clicks():
    random = np.random.default_rng(0)
    items = [f"i{number}" for number in random.zipf(1.5, 3000) % 40]
    return pd.DataFrame({"user": random.integers(0, 150, 3000), "item": items, "time": np.arange(3000)})


@pytest.fixture(scope="module")
def recommender(clicks):
    return tfelc.NextItemModel("sasrec", SMALL).fit(clicks, progress=False)


def test_a_next_item_model_is_what_the_command_makes(recommender, clicks, tmp_path) -> None:
    clicks.to_parquet(tmp_path / "clicks.parquet", index=False)
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    words = (
        "--dataset",
        tmp_path / "clicks.parquet",
        "--run",
        tmp_path / "run",
        "--set",
        "model.name=sasrec",
        *settings,
    )
    assert call("train", "--task", "next_item", *words).code == 0
    clicks.to_csv(tmp_path / "clicks.csv", index=False, sep=";")
    by_text = ("--dataset", tmp_path / "clicks.csv", "--csv-delimiter", ";", "--run", tmp_path / "by_text")
    assert call("train", "--task", "next_item", *by_text, *words[4:]).code == 0
    # The run knows what separates the columns.
    assert call("evaluate", "--run", tmp_path / "by_text", "--against", tmp_path / "run").code == 0
    assert json.loads(call("evaluate", "--run", tmp_path / "run", "--json").out) == json.loads(
        json_text(recommender.evaluate())
    )


def test_it_is_told_when_a_split_cannot_be_measured(fitted, recommender) -> None:
    for split in ("train", "tst"):
        with pytest.raises(UsageError, match=f"`split` {split}: .*; use validation or test"):
            recommender.evaluate(split)
    with pytest.raises(DataError, match="tst"):
        fitted.evaluate(split="tst")


def test_the_model_is_the_one_that_the_settings_name_where_no_other_is_given(recommender, tmp_path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("model: sasrec\n")
    assert tfelc.NextItemModel(settings=path).name == tfelc.NextItemModel(settings={"model": "sasrec"}).name == "sasrec"
    assert tfelc.NextItemModel("elcrec", path).name == tfelc.NextItemModel().name == "elcrec"
    assert tfelc.NextItemModel("sasrec", recommender.run.settings).name == "sasrec"


def test_a_loaded_model_is_fitted_again_with_its_own_settings(recommender, clicks) -> None:
    again = tfelc.load(recommender.run.path).fit(clicks, progress=False)
    assert again.run.settings == recommender.run.settings and again.run.path != recommender.run.path


def test_recommendations(recommender, clicks) -> None:
    found = recommender.recommend([["i1", "i2"], [], ["nobody's"]], k=4)
    assert list(found) == ["row", "rank", "item", "score"]
    assert found["row"].tolist() == [0] * 4 + [1] * 4 + [2] * 4 and found["rank"].tolist() == [1, 2, 3, 4] * 3
    assert not {"i1", "i2"} & set(found["item"][:4])
    # Nothing is known of the others: they get what is popular.
    popular = clicks["item"].value_counts().index[0]
    assert found["item"][4] == popular and found["item"][4:8].tolist() == found["item"][8:].tolist()
    assert (found.groupby("row")["score"].diff().dropna() <= 0).all()


def test_a_recommender_is_saved_loaded_and_exported(recommender, tmp_path) -> None:
    wanted = recommender.recommend([["i1"], ["i3", "i4", "i3"]], k=5)
    recommender.save(tmp_path / "run")
    saved = tfelc.load(tmp_path / "run")
    pd.testing.assert_frame_equal(saved.recommend([["i1"], ["i3", "i4", "i3"]], k=5), wanted)
    exported = tfelc.load(saved.export(tmp_path / "exports", progress=False))
    pd.testing.assert_frame_equal(exported.recommend([["i1"], ["i3", "i4", "i3"]], k=5), wanted, rtol=1e-4)
    with pytest.raises(DataError, match="item ids are of type string"):
        exported.recommend([[1, 2]])


def test_it_is_quiet_and_shows_progress_when_asked(tmp_path) -> None:
    """In a process of its own, which sets nothing."""
    program = (
        "import numpy as np, pandas as pd, tfelc\n"
        "clicks = pd.DataFrame({'user': np.arange(400) // 20, 'item': np.arange(400) % 9, 'time': np.arange(400)})\n"
        "settings = {'training.epochs': 1, 'model.encoder.dim': 8}\n"
        "tfelc.NextItemModel('sasrec', settings).fit(clicks, progress=False)\n"
        "print('shown:')\n"
        "tfelc.NextItemModel('sasrec', settings).fit(clicks, progress=True)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("shown:\nall 20 users, 9 items and 400 actions are kept")
