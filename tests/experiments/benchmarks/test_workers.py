from tfelc.experiments.benchmarks.workers import tables


def test_the_table_has_rates_and_what_they_are_of_one_workers():
    def way(label, rate, ratio):
        return {"label": label, "figures": {"rows_per_second": {"median": rate, "ratio": ratio}}}

    ways = {"1": way("1 worker, one core", 50_000.0, 1.0), "2": way("2 workers, a core each", 85_000.0, 1.7)}
    (table,) = tables({"batch_size": 8_192, "rounds": 3, "ways": ways})
    assert table.rows == [["1 worker, one core", "50,000", "1.00"], ["2 workers, a core each", "85,000", "1.70"]]
