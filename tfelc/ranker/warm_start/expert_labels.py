"""What each place of the weights of an architecture, and of the scales of its units, stands for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

from tfelc.layers.multi_gate_experts import MultiGateExperts
from tfelc.layers.personalized_experts import PersonalizedExperts
from tfelc.layers.task_chain_experts import TaskChainExperts

Labels = Sequence[Any]
Found = dict[str, tuple[Labels, ...]]
_BOTTOM = "ranker/network/experts"


def expert_labels(layer: Any, tasks: Sequence[str], features: Labels, gates: Labels) -> Found:
    """Path of each weight of an architecture's layer -> the labels of each of its axes; none for one from outside.

    Args:
        layer: The layer.
        tasks: The heads, in order.
        features: What the experts see.
        gates: What the gates see.
    """
    if isinstance(layer, MultiGateExperts):
        return _multi_gate(layer, tasks, features, gates)
    if isinstance(layer, TaskChainExperts):
        return _task_chain(layer, tasks, features)
    if isinstance(layer, PersonalizedExperts):
        return _personalized(layer, tasks, features, gates)
    return {}


def expert_names(layer: Any, tasks: Sequence[str]) -> list[Any]:
    """What tells the experts of an architecture apart, in their order."""
    if not isinstance(layer, MultiGateExperts):
        return [*tasks]
    shared = [("shared", place) for place in range(layer.num_shared_experts)]
    return [*shared, *product(tasks, range(layer.num_task_experts))]


def scale_labels(path: str, names: Sequence[Any], units: int, hidden: int, seen: Labels) -> Found:
    """Path of each weight of a `PersonalScale` -> the labels of its axes.

    Args:
        path: The layer's own path.
        names: What tells apart the groups that it scales.
        units: Width of each group.
        hidden: Width of the layer inside.
        seen: What the factors follow from.
    """
    factors = [*product(names, range(units))]
    return {
        f"{path}/first/kernel": (seen, range(hidden)),
        f"{path}/first/bias": (range(hidden),),
        f"{path}/last/kernel": (range(hidden), factors),
        f"{path}/last/bias": (factors,),
    }


def _networks(names: Sequence[Any], units: Sequence[int], features: Labels) -> Found:
    first = [*product(names, range(units[0]))]
    found: Found = {
        f"{_BOTTOM}/experts/first/kernel": (features, first),
        f"{_BOTTOM}/experts/first/bias": (first,),
    }
    for position, (width, wider) in enumerate(pairwise(units), start=1):
        found[f"{_BOTTOM}/experts/layer_{position}/kernel"] = (names, range(width), range(wider))
        found[f"{_BOTTOM}/experts/layer_{position}/bias"] = (names, range(wider))
    return found


def _multi_gate(layer: MultiGateExperts, tasks: Sequence[str], features: Labels, gates: Labels) -> Found:
    names, last = expert_names(layer, tasks), range(layer.units[-1])
    found = _networks(names, layer.units, features)
    for level in range(layer.num_levels):
        streams: list[Any] = [*tasks] if level == layer.num_levels - 1 else [*tasks, ("all",)]
        choices = [*product(streams, names)]
        found[f"{_BOTTOM}/gates_{level}/kernel"] = (gates, choices)
        found[f"{_BOTTOM}/gates_{level}/bias"] = (choices,)
        found[f"{_BOTTOM}/experts_{level}/kernel"] = (names, last, last)
        found[f"{_BOTTOM}/experts_{level}/bias"] = (names, last)
    return found


def _task_chain(layer: TaskChainExperts, tasks: Sequence[str], features: Labels) -> Found:
    found = _networks(tasks, layer.units, features)
    for position, pair in enumerate(pairwise(tasks), start=1):
        path = f"{_BOTTOM}/transfer_{position}"
        # Named after the two tasks, so that nothing of another pair is taken over.
        places = [*product([pair], range(layer.units[-1]))]
        projected = [*product([pair], range(3 * layer.units[-1]))]
        found |= {
            f"{path}/handed_on/kernel": (places, places),
            f"{path}/handed_on/bias": (places,),
            f"{path}/projections/kernel": (places, projected),
            f"{path}/projections/bias": (projected,),
        }
    return found


def _personalized(layer: PersonalizedExperts, tasks: Sequence[str], features: Labels, gates: Labels) -> Found:
    # The gates see some of the features again, which are other inputs here.
    seen = [*product(["gate"], gates), *features]
    found = _networks(tasks, layer.units, features)
    found |= scale_labels(f"{_BOTTOM}/input_scale", features, 1, layer.hidden, seen)
    for position, units in enumerate(layer.units):
        found |= scale_labels(f"{_BOTTOM}/scale_{position}", tasks, units, layer.hidden, seen)
    return found
