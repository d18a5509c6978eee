# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Clusters and groups
#
# The case study of the ELCRec paper (section 5) on a small simulated log: which users are in which cluster, what the
# gates make of it, and who gains. The simulated users belong to five groups, from pure new (PN) to highly active
# (HA); the model is never told.

# %%
import tempfile
from pathlib import Path

from IPython.display import HTML
from rich.console import Console

from tfelc.core.tensorflow_start import load_tensorflow

load_tensorflow()
workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))

# %%
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import simulated_log as simulated

simulated.prepare(rows=40_000, seed=7, out=workspace / "data")
dataset = Dataset(workspace / "data")

# %% [markdown]
# ## Two rankers
#
# `base` has a mixture of experts whose gates see the users' activity counters. `clusters` is the same with learnable
# clusters of those activities, whose assignments the gates see too.

# %%
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training

COMMON = ["training.epochs=1", "training.batch_size=512"]


def predicted(name: str, *settings: str) -> Predictions:
    config = RankerSettings.load(None, [*COMMON, *settings])
    console = Console(force_jupyter=False, width=120)
    training = create_training(dataset, ["ctr", "cvr"], config, workspace / name, console)
    return Predictor(training.train().model, dataset).predict("test")


# %%
base = predicted("base", "model.clusters.num_clusters=0")

# %%
predictions = predicted(
    "clusters", "model.clusters.num_clusters=8", "model.clusters.objective=soft", "model.clusters.initialization=kmeans"
)

# %% [markdown]
# ## Do the clusters cluster?
#
# Clusters that are in use, the share of the rows in the largest one, and what a cluster tells about the group. An
# `information` of 1 would mean that the cluster gives the group away, 0 that it says nothing about it.

# %%
from tfelc.ranker.evaluation.evaluation import evaluate

result = evaluate(predictions, "test")
result.clusters.to_json()

# %% [markdown]
# ## Which users are in which cluster?
#
# Each row is a group, spread over the clusters (the paper's Figure 8); each bar is a cluster, split into groups
# (Figure 9).

# %%
from tfelc.ranker.report.cluster_groups import ClusterGroups

column, groups = next(iter(predictions.groups.items()))
counted = ClusterGroups.of(predictions.assignment.argmax(axis=1), groups, predictions.users)
HTML("".join(counted.pictures(column)))

# %% [markdown]
# ## What do the gates make of it?
#
# The mean weight of each expert, by group.

# %%
from tfelc.ranker.report.gate_map import gate_map

HTML(gate_map(result["gates"]))

# %% [markdown]
# ## Who gains?
#
# The difference between the two rankers on the same test rows, group by group, with 95 % intervals from resampled
# users. With this little data most intervals include 0; the README has the figures of whole runs.

# %%
from tfelc.ranker.evaluation.group_lift import group_lifts
from tfelc.ranker.report.lift_figures import lift_picture, lift_table

lifts = group_lifts(base, predictions, replicates=100)
HTML(lift_picture(lifts) + lift_table(lifts))
