"""PyTorch's MMoE of the same size on the same arrays, where torch is installed."""

from typing import Any

from tfelc.experiments.benchmarks.array_steps import EMBEDDING_DIM, figures, ranker_parts

_EXPERTS, _UNITS, _TOWER = 4, (128, 64), 32


def torch_step(rows: int, precision: str, seconds: float) -> dict[str, float] | None:
    """A step with Adam of experts, gates over the activities and towers, without clusters; None without torch.

    Histories are summed by `EmbeddingBag`, the experts are one batched product a layer.
    """
    try:
        import torch
    except ImportError:
        return None

    from tfelc.features.random_features import random_features

    schema, _, tables = ranker_parts()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    arrays = random_features(schema, tables, EMBEDDING_DIM, rows, seed=0)
    inputs = {key: torch.as_tensor(value, device=device) for key, value in arrays.items()}
    labels = torch.randint(0, 2, (rows, len(schema.tasks)), device=device).float()
    table = torch.nn.Embedding(len(tables) * max(tables.values()), EMBEDDING_DIM, device=device)
    bag = {"weight": table.weight}

    def features() -> tuple[Any, Any]:
        parts = {}
        for key, values in inputs.items():
            if "_list_" in key:
                parts[key] = torch.nn.functional.embedding_bag(values, **bag, mode="mean")
            else:
                parts[key] = table(values).flatten(1) if "_ids_" in key else values
        seen = [part for key, part in parts.items() if key.startswith("activity")]
        return torch.cat(list(parts.values()), dim=1), torch.cat(seen, dim=1)

    everything, activity = (part.shape[1] for part in features())
    widths = [everything, *_UNITS]
    experts = [torch.randn(_EXPERTS, a, b, device=device) * a**-0.5 for a, b in zip(widths, widths[1:], strict=False)]
    experts = [torch.nn.Parameter(kernel) for kernel in experts]
    tasks = range(len(schema.tasks))
    gates = [torch.nn.Linear(activity, _EXPERTS, device=device) for _ in tasks]
    towers = [
        torch.nn.Sequential(torch.nn.Linear(_UNITS[-1], _TOWER), torch.nn.ReLU(), torch.nn.Linear(_TOWER, 1)).to(device)
        for _ in tasks
    ]
    weights = [*table.parameters(), *experts, *(weight for part in (*gates, *towers) for weight in part.parameters())]
    optimizer = torch.optim.Adam(weights, lr=0.001)
    loss = torch.nn.BCEWithLogitsLoss()

    def step() -> int:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision != "float32"):
            hidden, seen = features()
            hidden = hidden.expand(_EXPERTS, *hidden.shape)
            for kernel in experts:
                hidden = torch.relu(torch.bmm(hidden, kernel))
            mixed = [torch.einsum("be,ebu->bu", torch.softmax(gate(seen), dim=1), hidden) for gate in gates]
            logits = torch.cat([tower(part) for tower, part in zip(towers, mixed, strict=True)], dim=1)
        loss(logits.float(), labels).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return 1

    found = figures(step, rows, seconds)
    if device.type == "cuda":
        found["peak_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return found
