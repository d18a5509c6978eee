"""The Spark session that a job runs in."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfelc.core.errors import UsageError
from tfelc.core.tensorflow_start import set_environment
from tfelc.data.spark.carried_error import carried_error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OPTIONS = ("--master", "--remote", "--conf")
_MASTERS = r"spark://.|k8s://.|yarn$|local($|\[|-cluster\[)"
_DRIVERS_JAVA = "spark.driver.extraJavaOptions"
_LOGGING = Path(__file__).with_name("log4j2.properties")
# The same kernels on every worker as in this process, or the last bits of the scores would differ.
_ENVIRONMENT = ("TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL")


def open_session(options: Sequence[str] = ()) -> SparkSession:
    """The session that runs in this process already, or a new one.

    Args:
        options: `--master URL` or `--remote URL`, and any number of `--conf KEY=VALUE`, for a new session.

    Raises:
        UsageError: Spark or Java is missing, an option is none of these, or a session runs already.
        ScoringError: The cluster does not answer.
    """
    settings = _settings(options)
    # Of pyspark, which is at home with an earlier pandas; none of it is used here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise UsageError("`engine` spark needs PySpark: pip install 'tfelc[spark]'", ["engine"]) from None
    if (running := SparkSession.getActiveSession()) is not None:
        if options:
            raise UsageError(f"{options[0]}: a Spark session runs in this process already; leave its options out")
        return running
    session = _started(settings)
    atexit.register(session.stop)
    return session


def _started(settings: dict[str, str]) -> SparkSession:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if "spark.remote" not in settings and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise UsageError("`engine` spark needs Java 17 or later: `java`, or JAVA_HOME", ["engine"])
    set_environment()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("tfelc")
    for key, value in _with_defaults(settings).items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkException as error:
        if error.getCondition() == "JAVA_GATEWAY_EXITED":
            raise UsageError("`engine` spark: Spark did not start; it says why above", ["engine"]) from None
        raise carried_error(error) from None
    except Exception as error:  # Py4J hands on whatever the JVM throws
        raise carried_error(error) from None


def _settings(options: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = list(options)
    while waiting:
        name, is_joined, value = waiting.pop(0).partition("=")
        if name not in _OPTIONS:
            raise UsageError(f"no such option: {name}; `engine` spark takes {', '.join(_OPTIONS)}", ["engine"])
        if not is_joined:
            if not waiting:
                raise UsageError(f"{name}: its value is missing")
            value = waiting.pop(0)
        if name == "--conf":
            key, is_given, value = value.partition("=")
            if not is_given:
                raise UsageError(f"--conf {key}: write KEY=VALUE, as in spark.executor.memory=4g")
            found[key] = value
        elif name == "--master" and not re.match(_MASTERS, value):
            raise UsageError(f"--master {value}: write spark://HOST:PORT, yarn, k8s://URL, or local[CORES]")
        else:
            found[f"spark.{name[2:]}"] = value
    return found


def _with_defaults(settings: dict[str, str]) -> dict[str, str]:
    if "spark.remote" in settings:
        return settings
    # What fails is told in one line, at the end; Spark's own web page and the workers' logs have all of it.
    java = f"-Dlog4j2.configurationFile=file:{_LOGGING} {settings.get(_DRIVERS_JAVA, '')}"
    return {
        "spark.ui.showConsoleProgress": "false",
        **{f"spark.executorEnv.{name}": os.environ[name] for name in _ENVIRONMENT},
        **settings,
        _DRIVERS_JAVA: java.strip(),
    }
