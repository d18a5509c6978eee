"""Makes a prepared dataset: the simulated log, a public set, or a log of your own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from tfelc.commands.prepared_report import report_dataset
from tfelc.ranker.data.logs import LOGS

Out = Annotated[Path, typer.Option(help="Folder to make; it must not exist, or be empty.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]

CsvDelimiter = Annotated[
    str | None, typer.Option(help="What separates the columns of CSV files. Defaults to a comma; in .tsv files a tab.")
]

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.callback()
def prepare() -> None:
    """Makes a prepared dataset: the simulated log, a public set, or a log of your own."""
    from tfelc.core.interruption import advise

    advise("nothing is left behind; start it again")


@app.command()
def simulated(
    out: Out,
    rows: Annotated[int, typer.Option(help="Rows of all splits together.")] = 300_000,
    users: Annotated[int | None, typer.Option(help="Users. Defaults to one for 20 rows.")] = None,
    seed: Seed = 7,
) -> None:
    """Simulates a live-streaming log whose best possible AUC is known."""
    from tfelc.ranker.data import simulated_log as simulated

    _shown(out, partial(simulated.prepare, rows, seed, out, users))


@app.command()
def kuairand(
    out: Out,
    data_dir: Annotated[Path, typer.Option(envvar="TFELC_DATA_DIR", help="Folder with KuaiRand-Pure's files.")],
    watch_time: Annotated[
        bool, typer.Option("--watch-time", help="With the task `watch` besides: the seconds watched after a click.")
    ] = False,
) -> None:
    """Prepares KuaiRand-Pure: real feed impressions, with the split and the features of its fixed protocol."""
    from tfelc.core.row_progress import RowProgress
    from tfelc.ranker.data import kuairand

    with RowProgress() as bar:
        kuairand.prepare(data_dir, out, bar.update, kuairand.watch_time_schema() if watch_time else None)
    report_dataset(out)


KuaiRandFolder = Annotated[Path, typer.Option(help="Folder that the archive unpacks to.")]


@app.command("kuairand-1k")
def kuairand_1k(out: Out, data_dir: KuaiRandFolder) -> None:
    """Prepares KuaiRand-1K by the protocol of KuaiRand-Pure, from a copy of your own."""
    _kuairand_full("1k", data_dir, out)


@app.command("kuairand-27k")
def kuairand_27k(out: Out, data_dir: KuaiRandFolder) -> None:
    """Prepares KuaiRand-27K by the protocol of KuaiRand-Pure, from a copy of your own."""
    _kuairand_full("27k", data_dir, out)


@app.command("ali-ccp")
def ali_ccp(
    out: Out,
    data_dir: Annotated[Path, typer.Option(help="Folder with the skeletons and common features of train and test.")],
    seed: Seed = 7,
) -> None:
    """Prepares Ali-CCP, recommendations of Taobao, from a copy of your own."""
    from tfelc.ranker.data import ali_ccp

    _shown(out, partial(ali_ccp.prepare, data_dir, out, seed))


@app.command()
def aliexpress(
    out: Out,
    data_dir: Annotated[Path, typer.Option(help="Folder of a country, with train.csv and test.csv.")],
    seed: Seed = 7,
) -> None:
    """Prepares AliExpress, results of searches in one country, from a copy of your own."""
    from tfelc.ranker.data import aliexpress

    _shown(out, partial(aliexpress.prepare, data_dir, out, seed))


@app.command()
def mind(
    out: Out,
    train: Annotated[Path, typer.Option(help="Folder that MIND's train archive unpacks to.")],
    dev: Annotated[Path, typer.Option(help="Folder that MIND's dev archive unpacks to.")],
    seed: Seed = 7,
) -> None:
    """Prepares MIND, impressions of Microsoft News: small or large, from a copy of your own."""
    from tfelc.ranker.data import mind

    _shown(out, partial(mind.prepare, train, dev, out, seed))


@app.command()
def table(
    out: Out,
    schema: Annotated[Path, typer.Option(help="What the columns mean (YAML).")],
    inputs: Annotated[
        list[str],
        typer.Option(
            "--input",
            help="Parquet, CSV, TSV or JSON lines: files, a folder, a quoted pattern such as 'logs/*.parquet', a URL; "
            "or delta:PATH, iceberg:PATH, and spark:NAME for a table that Spark reads. May repeat.",
        ),
    ],
    seed: Seed = 7,
    csv_delimiter: CsvDelimiter = None,
    engine: Annotated[
        Literal["local", "spark"], typer.Option(help="Who does the work: this machine, or Spark's workers.")
    ] = "local",
    master: Annotated[
        str | None,
        typer.Option(help="Spark's master, such as spark://HOST:7077, for --engine spark and for spark:NAME."),
    ] = None,
    conf: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for Spark. May repeat.")] = None,
) -> None:
    """Prepares a log of your own.

    In CSV files the values of a list stand as a|b or ["a", "b"], times in ISO form; docs/schema.md tells all.
    """
    from tfelc.core.row_progress import RowProgress
    from tfelc.data import log_preparation
    from tfelc.data.spark import prepare as on_spark
    from tfelc.schema.schema import Schema

    described = Schema.load(schema)
    _begin_spark(engine, inputs, master, conf or [])
    with RowProgress() as bar:
        if engine == "spark":
            on_spark.prepare(inputs, described, out, seed, csv_delimiter, bar.update)
        else:
            log_preparation.prepare(described, inputs, out, seed, bar.update, csv_delimiter)
    report_dataset(out)


@app.command()
def requests(
    out: Out,
    schema: Annotated[Path, typer.Option(help="What the columns mean (YAML).")],
    requests: Annotated[
        list[str],
        typer.Option(help="The log of requests: a folder, files, or a quoted pattern. May repeat."),
    ],
    outcomes: Annotated[
        list[str], typer.Option(help="What came of them, with the key and the labels: files as of `table`. May repeat.")
    ],
    unmatched: Annotated[
        Literal["drop", "negative"],
        typer.Option(
            help="A row without an outcome: `drop` it, or, where the outcomes hold only what happened, `negative`.",
        ),
    ],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Column that joins them: a category of the requests, or `request_id`. May repeat. "
            "Defaults to the schema's request_key."
        ),
    ] = None,
    seed: Seed = 7,
    csv_delimiter: CsvDelimiter = None,
) -> None:
    """Prepares what was served: logged requests, joined to their outcomes; docs/monitoring.md tells all."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from tfelc.core.row_progress import RowProgress
    from tfelc.ranker.data.requests.prepare_requests import prepare_requests
    from tfelc.schema.schema import Schema

    described = Schema.load(schema)
    with RowProgress() as bar:
        prepare_requests(described, requests, outcomes, out, unmatched, key or (), seed, bar.update, csv_delimiter)
    report_dataset(out)


def _kuairand_full(version: str, data_dir: Path, out: Path) -> None:
    from tfelc.core.row_progress import RowProgress
    from tfelc.ranker.data import kuairand_full

    with RowProgress() as bar:
        kuairand_full.prepare(version, data_dir, out, bar.update)
    report_dataset(out)


def _begin_spark(engine: str, inputs: list[str], master: str | None, conf: list[str]) -> None:
    """Begins the session that does the work, or that an input names a table of."""
    from tfelc.core.errors import UsageError
    from tfelc.data.files.formats import table_kind
    from tfelc.data.spark.session import open_session
    from tfelc.data.spark.spark_format import SPARK

    options = [*(["--master", master] if master else []), *(word for each in conf for word in ("--conf", each))]
    if engine == "spark" or any(table_kind(each) == SPARK for each in inputs):
        open_session(options)
    elif options:
        raise UsageError(f"{options[0]} is for Spark: --engine spark, or a table that it reads, --input spark:NAME")


def _command_of(name: str) -> Callable[..., None]:
    """The command of a log that a plug-in has registered."""

    def prepare(
        out: Out,
        seed: Seed = 7,
        data_dir: Annotated[
            Path | None, typer.Option(envvar="TFELC_DATA_DIR", help="Folder with the files that it needs.")
        ] = None,
    ) -> None:
        from tfelc.core.row_progress import RowProgress

        with RowProgress() as bar:
            LOGS.get(name)(out, seed, data_dir, bar.update)
        report_dataset(out)

    prepare.__doc__ = LOGS.get(name).__doc__
    return prepare


def _shown(out: Path, prepare: Callable[[Callable[[int, int | None], None]], None]) -> None:
    """Prepares with a bar of the rows, and prints what there is then."""
    from tfelc.core.row_progress import RowProgress

    with RowProgress() as bar:
        prepare(bar.update)
    report_dataset(out)


for _name in LOGS.names():
    app.command(_name)(_command_of(_name))
