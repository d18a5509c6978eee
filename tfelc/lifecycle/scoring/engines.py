"""What runs the pieces of a scoring job, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tfelc.core.registry import Registry

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import BatchJob, Progress
    from tfelc.lifecycle.scoring.output_folder import OutputFolder
    from tfelc.lifecycle.scoring.part import Part

    # Called with the job, its folder, the names of the parts that are there already, and what to tell the rows done;
    # it writes the parts that are left and gives them.
    Engine = Callable[[BatchJob[Any], OutputFolder, set[str], Progress], Iterable[Part]]

# Each makes an engine of the options that `tfelc score` does not know.
ENGINES: Registry[Callable[[Sequence[str]], Engine]] = Registry(
    "engine",
    {
        "local": "tfelc.lifecycle.scoring.local_engine:local_engine",
        "spark": "tfelc.lifecycle.scoring.spark.engine:spark_engine",
    },
)
