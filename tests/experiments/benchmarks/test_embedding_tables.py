import pytest

from tfelc.experiments.benchmarks import embedding_tables


def test_a_version_is_measured(exported, every_kind_dataset):
    found = embedding_tables.served(str(exported.path), str(every_kind_dataset.path), "test")
    assert {"size_mb", "load_s", "p50_ms", "peak_mb", "auc click", "auc buy", "auc click_and_buy"} == found.keys()
    assert min(found.values()) > 0 and max(value for name, value in found.items() if "auc" in name) <= 1


def test_the_tables_set_every_format_against_float32():
    def way(label, size, auc):
        figures = {"size_mb": size, "load_s": 0.5, "p50_ms": 1.25, "peak_mb": 900.0, "auc ctr": auc}
        return {"label": label, "figures": {name: {"median": value} for name, value in figures.items()}}

    ways = {"float32": way("float32", 640.0, 0.75), "int8": way("int8", 176.5, 0.74996)}
    costs, quality = embedding_tables.tables({"ways": ways, "split": "test"})
    assert costs.rows[1] == ["int8", "176.5", "0.50", "1.25", "900"]
    assert quality.title == "test split" and quality.headings == ["way", "ctr AUC, minus float32"]
    assert quality.rows == [["float32", "0.75000 (+0.00000)"], ["int8", "0.74996 (-0.00004)"]]


@pytest.mark.parametrize("kind", ["float64", ""])
def test_the_command_knows_its_formats(kind):
    from tests.support.command import call

    outcome = call("export", "--run", "runs/none", "--to", "exports", "--tables", kind)
    assert outcome.code == 2 and "float16" in outcome.err
