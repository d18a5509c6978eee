"""How well are items recommended that nobody has taken yet? On simulated users, whose intents attributes tell."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.options import OutOption

_PROTOCOL = (
    "simulated users and items; {share:.0%} of the items are held out: their actions are taken from training, and "
    "their attributes are given; each user whose last item is held out is asked for it after all that the user had of "
    "the others; whole catalog, held-out items too, seen items removed"
)


def new_items(
    users: Annotated[int, typer.Option(min=100, help="Simulated users.")] = 2_000,
    items: Annotated[int, typer.Option(min=50, help="Simulated items.")] = 500,
    share: Annotated[float, typer.Option(min=0.01, max=0.5, help="Share of the items that is held out.")] = 0.1,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each run.")] = 15,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant, by seeds 0, 1, ...")] = 3,
    out: OutOption = Path("results/new_items.json"),
) -> None:
    """Trains SASRec with and without attributes of the items, and asks for items held out of training."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.new_items.runs import VARIANTS, HeldOut, measured
    from tfelc.experiments.result_file import publish

    console = Console()
    held_out = HeldOut.simulate(users, items, share)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        held_out.write(Path(folder))
        for name, settings in VARIANTS.items():
            with console.status(name):
                found[name] = [measured(held_out, Path(folder), settings, epochs, seed) for seed in range(seeds)]
    result = {
        "protocol": _PROTOCOL.format(share=share),
        "seeds": list(range(seeds)),
        "settings": [
            f"{name}: {', '.join(f'{key}={value}' for key, value in VARIANTS[name].items())}" for name in found
        ],
        "counts": held_out.counts(),
        "variants": found,
    }
    publish(out, "new_items", result, console)
