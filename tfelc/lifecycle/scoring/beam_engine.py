"""The same scoring as an Apache Beam pipeline: on Flink, Spark or Dataflow by options alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfelc.core.errors import ExportError, UsageError
from tfelc.data.files.log_file import LogFile

try:
    import apache_beam as beam
    from apache_beam.metrics import Metrics
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.utils.shared import Shared
except ModuleNotFoundError:
    raise UsageError(
        "`engine` beam needs Apache Beam: pip install -c constraints.txt -e '.[beam]'", ["engine"]
    ) from None

from tfelc.lifecycle.scoring.batch_job import BatchJob, BatchSettings
from tfelc.lifecycle.scoring.engine import score_batches
from tfelc.lifecycle.scoring.input_reader import InputReader, Piece, part_name
from tfelc.lifecycle.scoring.output_folder import OutputFolder
from tfelc.lifecycle.scoring.part import Part
from tfelc.lifecycle.scoring.scorer import Scorer

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import Progress
    from tfelc.lifecycle.scoring.engines import Engine

# Beam's own default would download a runner of another language.
_LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


@dataclass(frozen=True)
class _Work:
    """A row group; or a file without row groups, of which some pieces may be done already."""

    number: int
    file: LogFile
    group: int | None = None
    done: frozenset[int] = frozenset()


def beam_engine(options: Sequence[str]) -> Engine:
    """An engine that hands the pieces to Beam.

    Each piece becomes a part as on one machine, written by the worker, whole or not at all; a piece that a runner runs
    twice is written twice, alike. So the workers must reach the model, the inputs and the output by the same paths.

    Args:
        options: Beam's own pipeline options, such as `--runner=FlinkRunner`. Without a runner the pipeline runs in this
            process.
    """

    def run(job: BatchJob[Any], folder: OutputFolder, there: set[str], progress: Progress) -> Iterable[Part]:
        if job.settings.limit is not None:
            raise UsageError("`limit` is for one machine; Beam's workers do not know of each other's rows", ["limit"])
        chosen = list(options)
        if not any(each.split("=")[0] == "--runner" for each in chosen):
            chosen.append(f"--runner={_LOCAL_RUNNER}")
        with beam.Pipeline(options=PipelineOptions(chosen)) as pipeline:
            (
                pipeline
                | beam.Create(list(_work(job, there)), reshuffle=False)
                | beam.Reshuffle()
                | beam.ParDo(_Score(job.settings, job.scorer.model.fingerprint))
            )
        for name in sorted(folder.finished() - there):
            part = folder.part(name)
            progress(part.measures.read)
            yield part

    return run


def _work(job: BatchJob[Any], there: set[str]) -> Iterator[_Work]:
    takes = job.settings.shard.takes
    for number, file in enumerate(job.files):
        if file.groups is None:
            names = [name.removesuffix(".parquet").split("-") for name in there]
            yield _Work(number, file, done=frozenset(int(piece) for _, of, piece in names if int(of) == number))
            continue
        for group in range(len(file.groups)):
            if takes(number, group) and part_name(number, group) not in there:
                yield _Work(number, file, group)


class _Score(beam.DoFn):
    """Scores pieces; the model is loaded once a process."""

    def __init__(self, settings: BatchSettings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint
        self._shared = Shared()
        self._scorer: Any = None

    def setup(self) -> None:
        self._scorer = self._shared.acquire(self._load)

    def process(self, work: _Work) -> Iterator[str]:
        settings = self._settings
        folder = OutputFolder(settings.output, {}, settings.shard)
        reader = InputReader(self._scorer.source_columns)

        def wanted(piece: Piece) -> bool:
            if work.group is not None:
                return piece.number == work.group
            return settings.shard.takes(piece.file_number, piece.number) and piece.number not in work.done

        for part in score_batches(reader.batches([(work.number, work.file)], wanted), self._scorer, folder):
            Metrics.counter("tfelc", "rows").inc(part.measures.read)
            yield part.name

    def _load(self) -> Scorer:
        scorer = self._settings.scorer()
        if scorer.model.fingerprint != self._fingerprint:
            raise ExportError(f"{scorer.model.path}: on this worker it is another model than the job was started with")
        scorer.model.load()
        return scorer
