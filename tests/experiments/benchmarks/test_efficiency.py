from tfelc.experiments.benchmarks import efficiency
from tfelc.next_item.settings import NextItemSettings

TINY = """
model:
  encoder: {dim: 16}
  clusters: {num_clusters: 4, initialization: kmeans}
  neighbors: {weight: 1}
  contrast: {views: dropout, sequence_weight: 0.1}
training: {samples: sequences}
"""


def test_training_its_start_and_the_ranking_are_measured(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    settings = NextItemSettings.load(tmp_path / "tiny.yaml").to_dict()
    found = efficiency.epoch("simulated", settings, epochs=1)
    assert set(found) == {"cpu_s", "wall_s", "start_cpu_s", "peak_mb", "rank_s"}
    assert min(found.values()) > 0


def test_a_table_a_data_set_with_ratios_to_elcrec():
    figures = {"cpu_s": 3.2, "wall_s": 4.0, "start_cpu_s": 0.0, "peak_mb": 1_194.0, "rank_s": 1.3}
    measured = {name: {"median": value, "min": value, "max": value, "ratio": 0.5} for name, value in figures.items()}
    ways = {"sasrec": {"label": "sasrec", "figures": measured, "runs": [figures]}}
    (table,) = efficiency.tables({"datasets": {"beauty": {"ways": ways}}})
    assert table.title.startswith("beauty: ")
    assert table.rows == [["sasrec", "3.2", "0.50", "4.0", "0.0", "1,194", "0.50", "1.30"]]
