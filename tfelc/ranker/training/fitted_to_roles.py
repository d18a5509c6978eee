"""Settings whose gates and clusters see features that the schema has."""

from __future__ import annotations

from tfelc.ranker.settings import RankerClusterSettings, RankerSettings
from tfelc.schema.gate_roles import gate_roles
from tfelc.schema.schema import Schema


def fitted_to_roles(settings: RankerSettings, schema: Schema) -> tuple[RankerSettings, str]:
    """Where gates or clusters are to see the activity, as they do by default, and no feature has that role: other ones.

    Args:
        settings: RankerSettings. What was asked for.
        schema: Schema. What the columns mean.

    Returns:
        The settings, and a sentence that says what they are now; the same ones and an empty sentence where nothing is
        to be done.
    """
    of_gates, of_clusters, sentence = gate_roles(schema)
    model, usual = settings.model, RankerClusterSettings().inputs
    gates, clusters = model.gates, model.clusters
    if not sentence or usual not in (gates.inputs, clusters.inputs):
        return settings, ""
    if gates.inputs == usual:
        gates = gates.model_copy(update={"inputs": of_gates})
    if clusters.inputs == usual and clusters.num_clusters:
        changes = {"inputs": of_clusters} if of_clusters else {"num_clusters": 0}
        clusters = clusters.model_copy(update=changes)
    scaling = model.scaling
    if scaling.any and scaling.inputs == usual:
        scaling = scaling.model_copy(update={"inputs": of_gates})
    changed = model.model_copy(update={"gates": gates, "clusters": clusters, "scaling": scaling})
    return settings.model_copy(update={"model": changed}), sentence
