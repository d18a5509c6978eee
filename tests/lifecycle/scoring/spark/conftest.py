"""A standalone cluster, and the engine in a session of it."""

import pytest

CONF = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.ui.enabled": "false",
    "spark.task.maxFailures": "2",
    "spark.sql.shuffle.partitions": "2",
    # A copy of a task begins as soon as another one has ended and this one takes twice as long.
    "spark.speculation": "true",
    "spark.speculation.quantile": "0.4",
    "spark.speculation.multiplier": "2",
    "spark.speculation.minTaskRuntime": "2s",
    "spark.speculation.interval": "100ms",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    from tests.support.spark_cluster import SparkCluster

    cluster = SparkCluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def engine(cluster, tmp_path_factory):
    from pyspark.sql import SparkSession

    from tfelc.lifecycle.scoring.spark.engine import spark_engine

    conf = {**CONF, "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    settings = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    yield spark_engine(["--master", cluster.url, *settings])
    SparkSession.getActiveSession().stop()
