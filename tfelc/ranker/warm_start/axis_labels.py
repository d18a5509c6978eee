"""What each place of each weight of a ranker stands for, whatever the order of columns, values and tasks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, product
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.features.encoder import FeatureEncoder
from tfelc.features.fitted import FittedFeatures
from tfelc.layers.bias_tower import BIAS_UNITS
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.warm_start.expert_labels import expert_labels, expert_names, scale_labels
from tfelc.schema.column import BIAS

Labels = Sequence[Any]
# Of an embedding table: its row for a missing value, and that for an unknown one.
MISSING, UNKNOWN = "missing", "unknown"


def path_of(variable: Any) -> str:
    """The path of a variable, without the number by which Keras tells seed generators of one process apart."""
    return re.sub(r"seed_generator_\d+", "seed_generator", variable.path)


def axis_labels(model: RankingModel, fitted: FittedFeatures) -> dict[str, tuple[Labels, ...]]:
    """Path of each weight -> the labels of each of its axes; the states of random generators are left out.

    Two rankers whose labels of an axis agree mean the same by these places.

    Args:
        model: The ranker.
        fitted: What its look-up was made of.

    Raises:
        UsageError: The architecture is not one of tfelc's, so that nobody knows what its weights stand for.
    """
    labels = {**_tables(model, fitted), **_histories_and_vectors(model), **_network(model)}
    found = {}
    for variable in model.ranker.variables:
        path = path_of(variable)
        if "seed_generator" in path:
            continue
        if path not in labels:
            raise UsageError(
                f"model.architecture: `{model.ranker.config.architecture.name}` has the weight `{path}`, of which a "
                "warm start does not know what its places stand for; train without one"
            )
        found[path] = labels[path]
        assert tuple(map(len, found[path])) == tuple(variable.shape), path
    return found


def _tables(model: RankingModel, fitted: FittedFeatures) -> dict[str, tuple[Labels, ...]]:
    encoder: FeatureEncoder = model.ranker.encoder
    rows: dict[int, list[Any]] = {}
    for table, count in encoder.table_rows.items():
        names: list[Any] = [MISSING, *range(count - 1)]
        if table in fitted.vocabularies:
            # As pairs, since a value may be any text.
            names = [MISSING, UNKNOWN, *((value,) for value in fitted.vocabularies[table])]
        rows.setdefault(encoder.layout.offsets[table][0], []).extend((table, name) for name in names)
    return {path_of(encoder.tables[dim].embeddings): (names, range(dim)) for dim, names in rows.items()}


def _histories_and_vectors(model: RankingModel) -> dict[str, tuple[Labels, ...]]:
    encoder: FeatureEncoder = model.ranker.encoder
    found: dict[str, tuple[Labels, ...]] = {}
    for weight in encoder.missing_vectors.values():
        found[path_of(weight)] = (range(weight.shape[0]),)
    for name, pool in encoder.sequences.items():
        path = f"ranker/encoder/sequence_{name}/pool"
        widths = {each.column: each.dim for each in pool.sequence.lists}
        shared = [(*pair, place) for pair in pool.sequence.pairs for place in range(widths[pair[0]])]
        hidden, dim = range(encoder.pooling["hidden"]), range(encoder.pooling["dim"])
        attends = pool.sequence.pooling == "attention"
        places, inside = range(pool.sequence.max_length + 1), hidden if attends else dim
        found[f"{path}/positions"] = (places, inside)
        kernels: dict[str, tuple[Labels, Labels]] = {
            "of_history": (pool.position_slots, inside),
            "of_candidate": (shared, inside),
            "of_product": (shared, hidden),
            "score": (hidden, range(1)),
            **dict.fromkeys(("query", "key", "value", "mixed"), (dim, dim)),
            "inner": (dim, range(2 * len(dim))),
            "outer": (range(2 * len(dim)), dim),
        }
        for layer, (inputs, outputs) in kernels.items():
            found[f"{path}/{layer}/kernel"] = (inputs, outputs)
            found[f"{path}/{layer}/bias"] = (outputs,)
        for norm in ("attention_norm", "last_norm"):
            found |= {f"{path}/{norm}/{weight}": (dim,) for weight in ("gamma", "beta")}
    return found


def _network(model: RankingModel) -> dict[str, tuple[Labels, ...]]:
    ranker = model.ranker
    config, tasks = ranker.config, ranker.tasks
    slots = ranker.encoder.output_slots
    units, bottom = config.architecture.output_units, "ranker/network"

    def of(roles: Sequence[str]) -> list[Any]:
        return [*chain.from_iterable(slots.get(role, []) for role in roles)]

    biases = slots.pop(BIAS, [])
    everything = [*chain.from_iterable(slots.values())]
    columns = ranker.network.columns
    # One logit is its task's; of several each has its place.
    logits = [
        name for task, count in columns.items() for name in ([task] if count == 1 else product([task], range(count)))
    ]
    found: dict[str, tuple[Labels, ...]] = {
        f"{bottom}/linear/kernel": (everything, logits),
        f"{bottom}/linear/bias": (logits,),
        f"{bottom}/bias_tower/hidden/kernel": (biases, range(BIAS_UNITS)),
        f"{bottom}/bias_tower/hidden/bias": (range(BIAS_UNITS),),
        f"{bottom}/bias_tower/logits/kernel": (range(BIAS_UNITS), logits),
    }
    gates: list[Any] = of(config.gates.inputs)
    clusters, dim = range(config.clusters.num_clusters), range(config.clusters.dim)
    if config.clusters.num_clusters:
        seen = {"assignment": clusters, "center": dim}
        gates += [(part, place) for part in config.clusters.gate_inputs for place in seen[part]]
        answers = [*product(logits, clusters)]
        found |= {
            f"{bottom}/activity_encoder/kernel": (of(config.clusters.inputs), dim),
            f"{bottom}/activity_encoder/bias": (dim,),
            f"{bottom}/clusters/centers": (clusters, dim),
            f"{bottom}/clusters/active": (clusters,),
            f"{bottom}/clusters/share": (clusters,),
            f"{bottom}/clusters/step": (),
            f"{bottom}/cluster_linear/kernel": (of(config.clusters.linear_inputs), answers),
            f"{bottom}/cluster_linear/bias": (answers,),
        }
    for position, width in enumerate(config.towers.units):
        found[f"{bottom}/tower_{position}/kernel"] = (tasks, range(units), range(width))
        found[f"{bottom}/tower_{position}/bias"] = (tasks, range(width))
        units = width
    found[f"{bottom}/heads/kernel"] = (tasks, range(units), range(max(columns.values())))
    found[f"{bottom}/heads/bias"] = (tasks, range(max(columns.values())))
    for calibration in ranker.calibrations.values():
        found |= {path_of(weight): (range(weight.shape[0]),) for weight in calibration.points.values()}
    for bias in ranker.group_biases.values():
        found[path_of(bias.biases)] = (range(bias.num_groups),)
    layer = ranker.network.experts
    return found | _crosses_and_scales(model, everything, clusters) | expert_labels(layer, tasks, everything, gates)


def _crosses_and_scales(model: RankingModel, everything: Labels, clusters: Labels) -> dict[str, tuple[Labels, ...]]:
    network, config = model.ranker.network, model.ranker.config
    found: dict[str, tuple[Labels, ...]] = {}
    low = range(config.crosses.rank)
    for position in range(config.crosses.layers):
        found[f"ranker/network/crosses/down_{position}/kernel"] = (everything, low)
        found[f"ranker/network/crosses/up_{position}/kernel"] = (low, everything)
        found[f"ranker/network/crosses/up_{position}/bias"] = (everything,)
    slots, hidden = model.ranker.encoder.output_slots, config.scaling.hidden
    seen: list[Any] = [*chain.from_iterable(slots.get(role, []) for role in config.scaling.inputs)]
    seen += product(["assignment"], clusters if config.scaling.clusters else ())
    for scales, path, names in (
        (network.expert_scales, "expert_scale", expert_names(network.experts, model.ranker.tasks)),
        (network.tower_scales, "tower_scale", model.ranker.tasks),
    ):
        for position, scale in enumerate(scales):
            found |= scale_labels(f"ranker/network/{path}_{position}", names, scale.units, hidden, seen)
    return found
