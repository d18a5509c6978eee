"""The page of a run, as far as it is alike for every kind of model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.markup import Markup
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.provenance import provenance
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.sensitivity_curves import sensitivity_curves
from tfelc.lifecycle.report.trial import trials_of
from tfelc.lifecycle.run import Run

AnyRun = TypeVar("AnyRun", bound=Run[Any])
Status = Callable[[str], None]


@dataclass(frozen=True)
class Content:
    """What a kind of model puts on the page.

    Attributes:
        title: The title of the page.
        lead: One line under it.
        summary: What comes first.
        sections: What is shown before how training went.
        curves: How training went.
        tables: What is shown after it.
        data_hash: The hash of what was measured on.
    """

    title: str
    lead: str
    summary: Sequence[Markup]
    sections: Sequence[Section]
    curves: Markup
    tables: Sequence[Section]
    data_hash: str


@dataclass(frozen=True)
class RunReport(ABC, Generic[AnyRun]):
    """Measures a run on the test split and writes what it finds as a page; a kind of model writes `content`.

    Attributes:
        run: What is reported on.
        against: The run to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
    """

    run: AnyRun
    against: AnyRun | None = None
    siblings: Sequence[AnyRun] = ()

    def html(self, command: str, status: Status = lambda words: None) -> str:
        """The page.

        Args:
            command: What makes it, as it is shown.
            status: Called with what is being done. Defaults to a function that does nothing.

        Raises:
            RunError: A run is missing or damaged, or differs from the first in more than the sensitivity allows.
            UsageError: The run to beat cannot be compared with this one.
            DataError: The data cannot be read.
        """
        if self.against is not None:
            self.run.refuse_incomparable(self.against)
        for name in ("history.json", "metrics.json"):
            self.run.read_json(name)  # What is damaged is told before minutes of measuring.
        trials = trials_of(self.run, self.siblings, self.quality) if self.siblings else []
        content = self.content(status)
        sections = [
            *content.sections,
            Section("Training", [content.curves]),
            *([Section("Sensitivity", [sensitivity_curves(trials)])] if trials else []),
            *content.tables,
            provenance(self.runs, content.data_hash, command),
        ]
        # What is not there is told at the end, in one place.
        absent = [section for section in sections if section.is_empty]
        if absent:
            sections = [section for section in sections if not section.is_empty]
            sections.insert(-1, Section("Not on this page", [block for section in absent for block in section.blocks]))
        return render_page(content.title, content.lead, content.summary, sections)

    @property
    def runs(self) -> dict[str, AnyRun]:
        """The run, and the one to beat if any, by the names that the page has for them."""
        named = {self.run.path.name: self.run}
        if self.against is not None:
            taken = self.against.path.name in named
            named[str(self.against.path) if taken else self.against.path.name] = self.against
        return named

    @property
    def name(self) -> str:
        """What the page calls the run."""
        return self.run.path.name

    @property
    def other(self) -> str:
        """What the page calls the run to beat; empty where there is none."""
        return [*self.runs, ""][1]

    @abstractmethod
    def content(self, status: Status) -> Content:
        """Measures the run and draws what is found.

        Args:
            status: Called with what is being done.
        """

    @abstractmethod
    def quality(self, result: EvaluationResult) -> dict[str, float]:
        """What the sensitivity compares of a test result, by the names that the page has for it."""
