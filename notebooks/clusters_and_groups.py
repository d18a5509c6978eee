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

import tfelc
from tfelc.ranker.data import simulated_log

workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))
simulated_log.prepare(rows=40_000, seed=7, out=workspace / "data")

# %% [markdown]
# ## Two rankers
#
# `base` has a mixture of experts whose gates see the users' activity counters. `clustered` is the same with learnable
# clusters of those activities, whose assignments the gates see too.

# %%
schema = tfelc.Schema.load(workspace / "data" / "schema.yaml")
common = {"training.epochs": 1, "training.batch_size": 512, "training.yardsticks": False}

base = tfelc.Ranker(schema, settings={**common, "model.clusters.num_clusters": 0})
base.fit(workspace / "data")

# %%
clustered = tfelc.Ranker(schema, settings={**common, "model.clusters.num_clusters": 8})
clustered.fit(workspace / "data")

# %% [markdown]
# ## Do the clusters cluster?
#
# Clusters that are in use, the share of the rows in the largest one, and what a cluster tells about the group. An
# `information` of 1 would mean that the cluster gives the group away, 0 that it says nothing about it.

# %%
found = clustered.evaluate()
found["clusters"]

# %% [markdown]
# ## Which users are in which cluster?
#
# Each row is a group, spread over the clusters (the paper's Figure 8); each bar is a cluster, split into groups
# (Figure 9).

# %%
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.report.cluster_groups import ClusterGroups

before, after = (Predictor(ranker.run.model(), ranker.run.dataset()).predict("test") for ranker in (base, clustered))
column, groups = next(iter(after.groups.items()))
counted = ClusterGroups.of(after.assignment.argmax(axis=1), groups, after.users)
HTML("".join(counted.pictures(column)))

# %% [markdown]
# ## What do the gates make of it?
#
# The mean weight of each expert, by group.

# %%
from tfelc.ranker.report.gate_map import gate_map

HTML(gate_map(found["gates"]))

# %% [markdown]
# ## Who gains?
#
# The difference between the two rankers on the same test rows, group by group, with 95 % intervals from resampled
# users. With this little data most intervals include 0; `docs/results` has the figures of whole runs.

# %%
from tfelc.ranker.evaluation.group_lift import group_lifts
from tfelc.ranker.report.lift_figures import lift_picture, lift_table

lifts = group_lifts(before, after, replicates=100)
HTML(lift_picture(lifts) + lift_table(lifts))

# %% [markdown]
# `clustered.report("report.html", against=base.run.path)` puts all of this on one page.
