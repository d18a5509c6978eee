"""How well is a ranker calibrated whose conversions come days later? On a simulated log that ends among them."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption

_PROTOCOL = (
    "simulated log of two weeks, {:,} rows, another log for each seed; the last tenth of the rows is kept apart and "
    "judged on the clicked ones, by the true probabilities of a conversion within 7 days; the others are trained on as "
    "they are known at the time of the last of them, split by user"
)


def delays(
    rows: Annotated[int, typer.Option(min=1000, help="Rows of each log.")] = 200_000,
    seeds: Annotated[int, typer.Option(min=1, help="Logs and runs of each variant, by seeds 0, 1, ...")] = 3,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    out: OutOption = Path("results/delays.json"),
) -> None:
    """Trains on a log whose latest conversions have not come yet: young rows as they are, left out, or weighed."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.delays.late_log import DROP, KNOWN, NAIVE, WEIGHT, LateLog
    from tfelc.experiments.delays.runs import measured
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, compared in (("alike", (KNOWN, NAIVE, DROP, WEIGHT)), ("by price", (KNOWN, DROP, WEIGHT))):
        variants: dict[str, list[dict[str, Any]]] = {each: [] for each in compared}
        for seed in range(seeds):
            log = LateLog.simulate(rows, seed, by_price=name == "by price")
            chosen = RankerSettings.load(config, [*(settings or []), f"training.seed={seed}"])
            for variant, ones in variants.items():
                with console.status(f"{name}, {variant}, seed {seed}"), tempfile.TemporaryDirectory() as folder:
                    ones.append(measured(log, variant, chosen, Path(folder), Console(quiet=True)))
        found[name] = variants
    result = {
        "protocol": _PROTOCOL.format(rows),
        "settings": [*([str(config)] if config else []), *(settings or [])] or ["defaults"],
        "seeds": list(range(seeds)),
        "delays": found,
    }
    publish(out, "delays", result, console)
