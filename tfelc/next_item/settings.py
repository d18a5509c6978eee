"""The settings of a next-item model: frozen models, read from YAML and `key=value`; an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from tfelc.core.settings import NewNames, Settings
from tfelc.lifecycle.settings.early_stopping import EarlyStoppingSettings
from tfelc.lifecycle.settings.optimizer import OptimizerSettings
from tfelc.lifecycle.settings.training import TrainingSettings
from tfelc.next_item.data.attribute_kind import AttributeKind
from tfelc.next_item.model_settings.elcrec import ELCRecSettings
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings
from tfelc.next_item.old_settings import with_new_next_item_names

# The name of the one output, of the task and of the kind of run.
NEXT_ITEM = "next_item"


class SplitSettings(Settings):
    """Which actions are for training, validation and test, and how much of a history a model reads.

    Attributes:
        protocol: `leave_one_out` (the paper's), or `global_time`, which needs times and is free of leaks. `auto`, which
            is that of tables of one's own, is `global_time` where there are times and 100 users each for validation and
            test, else `leave_one_out`; a run says which.
        max_length: Most recent items of a history that are read.
        min_user_actions: Actions that a user needs to be kept; 0 keeps all. None: 5 of a table of interactions, and 0
            of sequences in the paper's format, which come filtered.
        min_item_users: Different users that an item needs to be kept, likewise.
        evaluated_users: Users of validation, and of test, that are ranked at most; others are drawn from. `auto`, which
            is that of tables of one's own, is as many as make 1 billion scores of items; a run says how many.
    """

    protocol: Literal["leave_one_out", "global_time", "auto"] = "leave_one_out"
    max_length: int = Field(50, ge=1)
    min_user_actions: int | None = Field(None, ge=0)
    min_item_users: int | None = Field(None, ge=0)
    evaluated_users: Annotated[int, Field(ge=1)] | Literal["all", "auto"] = "all"


class CatalogSettings(Settings):
    """A table of the items, with what is known of them: one row an item.

    Attributes:
        path: What names the table of items, as files of interactions are named. None: nothing is known of items.
        item: Its column of the raw item ids.
        columns: Attribute, a column of the table -> its kind: `category`, a text or whole number; `flag`, such as being
            in stock; `number`; or `vector`, a list of numbers, such as the embedding of a text.
    """

    path: str | None = None
    item: str = "item"
    columns: dict[str, AttributeKind] = {}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.path is None) != (not self.columns):
            raise ValueError("catalog.path and catalog.columns: name the table and its columns, or neither")
        for name in self.columns:
            if not name.isidentifier() or not name.isascii() or name == self.item:
                raise ValueError(
                    f"catalog.columns: `{name}` becomes an input of the export: a letter, then letters, digits and "
                    "`_`, and not that of the ids; rename the column"
                )
        return self


class NextItemEarlyStoppingSettings(EarlyStoppingSettings):
    """When to stop; see `EarlyStoppingSettings`."""

    metric: str = "ndcg@20"
    patience: int = Field(3, ge=1)


class NextItemTrainingSettings(TrainingSettings):
    """How the model is trained; see `TrainingSettings` for the rest.

    Attributes:
        samples: `prefixes`: every prefix of a sequence is a sample, with the loss at its end. `windows`: a sequence is
            cut into windows, with the loss at every position. `sequences`: the last window alone, as in the paper.
    """

    epochs: int = Field(40, ge=1)
    batch_size: int = Field(512, ge=1)
    samples: Literal["prefixes", "windows", "sequences"] = "prefixes"
    early_stopping: NextItemEarlyStoppingSettings = NextItemEarlyStoppingSettings()


class NextItemSettings(Settings):
    """All the settings of one run.

    Attributes:
        plugins: Modules to import first, which register parts of one's own.
        split: Which actions are for what.
        repeats: Whether users take items again: what a user had is then a candidate as any other, in evaluations,
            recommendations and exports.
        catalog: A table of the items' attributes.
        model: What is built: the name of a next-item model, or its name and settings.
        optimizer: The optimizer.
        training: How it is trained.
    """

    with_new_names: ClassVar[NewNames] = with_new_next_item_names

    plugins: tuple[str, ...] = ()
    split: SplitSettings = SplitSettings()
    repeats: bool = False
    catalog: CatalogSettings = CatalogSettings()
    model: SequenceModelSettings = ELCRecSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    training: NextItemTrainingSettings = NextItemTrainingSettings()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.model.check_samples(self.training.samples)
        for name in self.item_attributes:
            if name not in self.catalog.columns:
                raise ValueError(
                    f"model.item_attributes: `{name}` is none of catalog.columns; name there the column of the table"
                )
        return self

    @property
    def item_attributes(self) -> tuple[str, ...]:
        """The attributes that items' embeddings are made of; a model without such a setting has none."""
        names: tuple[str, ...] = getattr(self.model, "item_attributes", ())
        return names
