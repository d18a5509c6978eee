"""What an exported next-item model says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from tfelc import __version__
from tfelc.lifecycle.export.manifest import Manifest, run_metadata
from tfelc.lifecycle.export.signatures import describe
from tfelc.next_item.data.attribute_kind import AttributeKind
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.export.signatures import (
    IdType,
    id_type_of,
    padding_of,
    recommender_inputs,
    recommender_outputs,
)
from tfelc.next_item.export.top_k_index import IndexKind
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.settings import NextItemSettings


class RecommenderManifest(Manifest):
    """The content of `assets/recommender_manifest.json`.

    Attributes:
        settings: The run's settings.
        items: Items of the catalog.
        id_type: Type of the raw item ids, `integer` or `string`.
        padding: The id that pads histories and answers.
        max_length: Most recent items of a history that are read.
        dim: Width of an embedding.
        clusters: Number of clusters, 0 without.
        index: Kind of the top-K index.
        attributes: Attribute of the items -> its kind.
    """

    file: ClassVar[Path] = Path("assets", "recommender_manifest.json")

    settings: dict[str, Any]
    items: int
    id_type: IdType
    padding: int | str
    max_length: int
    dim: int
    clusters: int
    index: IndexKind
    attributes: dict[str, AttributeKind] = {}

    @classmethod
    def of(
        cls,
        model: ELCRec,
        catalog: list[int] | list[str],
        config: NextItemSettings,
        metadata: Mapping[str, Any],
        index: IndexKind,
        attributes: ItemAttributes | None = None,
    ) -> Self:
        """Describes a model.

        Args:
            model: The model.
            catalog: Raw item ids.
            config: The run's settings.
            metadata: The content of the run's `run.json`.
            index: Kind of the top-K index.
            attributes: What is known of the items. Defaults to None: nothing.

        Raises:
            ExportError: An item's id cannot be served.
        """
        id_type = id_type_of(catalog)
        kinds = {} if attributes is None else dict(attributes.kinds)
        dim, clusters = model.dim * model.vectors_per_user, 0 if model.clusters is None else model.clusters.num_clusters
        outputs = recommender_outputs(id_type, dim, clusters)
        return cls(
            tfelc=__version__,
            run=run_metadata(metadata),
            settings=config.to_dict(),
            items=len(catalog),
            id_type=id_type,
            padding=padding_of(id_type),
            max_length=model.max_length,
            dim=dim,
            clusters=clusters,
            index=index,
            attributes=kinds,
            signatures={
                name: {"inputs": describe(specs), "outputs": describe(outputs[name])}
                for name, specs in recommender_inputs(id_type, kinds).items()
            },
        )
