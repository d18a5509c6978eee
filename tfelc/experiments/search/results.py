"""What a search leaves: the best settings, the result and the page."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import RunError
from tfelc.experiments.result_file import publish
from tfelc.experiments.search.figures import figures
from tfelc.experiments.search.page import page
from tfelc.experiments.search.searched import Searched
from tfelc.experiments.search.shared_study import SharedStudy
from tfelc.experiments.search.tried_settings import TriedSettings
from tfelc.lifecycle.report.number_text import number

RESULT, PAGE = "result.json", "report.html"


def write_results(study: SharedStudy, tried: TriedSettings, searched: Searched, out: Path, console: Console) -> None:
    """Writes what the trials so far came to, and prints the best of them.

    Args:
        study: The study; the result and the page go to its folder.
        tried: The settings of its trials.
        searched: The kind of model.
        out: Where the settings of the best trial go, as `tfelc train --config` takes them.
        console: Where tables are printed.

    Raises:
        RunError: No trial has come to its end.
    """
    # Whoever ends last has seen all trials, and writes last.
    with study.alone:
        found = figures(study.study, tried)
        if found["best"] is None:
            raise RunError(f"{study.folder}: none of {len(found['trials'])} trials has come to its end")
        best = found["trials"][found["best"] - 1]
        settings = tried.settings(best["settings"])
        space, seed = tried.space.to_dict(), settings.training.seed
        result = {
            "title": searched.title,
            "data_hash": searched.identity["data_hash"],
            "protocol": f"validation split, best epoch{', mean over the seeds' if tried.space.seeds > 1 else ''}",
            "seeds": [seed + one for one in range(tried.space.seeds)],
            "space": space,
            **found,
        }
        value = f"validation {found['metric']} {number(best['value'])}"
        write_text(out, f"# Trial {best['number']} of {len(found['trials'])}: {value}\n{settings.dump()}")
        path = study.folder / RESULT
        publish(path, "search", result, console)
        written = json.loads(path.read_text(encoding="utf-8"))
        write_text(study.folder / PAGE, page(written, settings.dump()))
    running = [trial["number"] for trial in found["trials"] if trial["state"] == "running"]
    if running:
        one = f"trial {running[0]} is" if len(running) == 1 else f"trials {', '.join(map(str, running))} are"
        console.print(f"{one} still conducted by another process, which writes this anew", highlight=False)
    console.print(f"page: {study.folder / PAGE}\nbest settings: {out}", highlight=False, soft_wrap=True)
