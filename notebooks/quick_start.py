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
# # Quick start
#
# From a log to scores, on a small simulated one. Half a minute on two cores.
#
# A log has one row for each impression of an item to a user, with what came of it: a click, and after a click perhaps
# an order. The simulated one is written split and as Parquet, like any log that `tfelc prepare` has seen.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import tfelc
from tfelc.ranker.data import simulated_log

workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))
simulated_log.prepare(rows=20_000, seed=7, out=workspace / "data")

test = pd.read_parquet(workspace / "data" / "test")
test[["user_id", "visits_7d", "anchor_id", "price_level", "hour", "click", "conversion"]].head()

# %% [markdown]
# The schema says what each column means; the model's inputs and tasks follow from it.

# %%
schema = tfelc.Schema.load(workspace / "data" / "schema.yaml")
{name: (task.label, task.conditioned_on) for name, task in schema.tasks.items()}

# %%
roles = ("user", "activity", "item", "context")
{role: [name for name, column in schema.features.items() if column.role == role] for role in roles}

# %% [markdown]
# ## Training
#
# `ctr` is whether an impression is clicked, `cvr` whether a click becomes an order. Settings have defaults; each can be
# set by its name. The log may also be a DataFrame or files of your own, which `fit` then splits itself.

# %%
ranker = tfelc.Ranker(
    schema,
    tasks=["ctr", "cvr"],
    settings={"training.epochs": 2, "training.batch_size": 512, "model.clusters.num_clusters": 8},
)
ranker.fit(workspace / "data")

# %% [markdown]
# ## Scores
#
# One column for each output, and the user's cluster. `ctcvr` is click and order in one.

# %%
ranker.predict(test.head()).round(4)

# %% [markdown]
# ## How good is it?
#
# The test split holds rows that training never saw.

# %%
found = ranker.evaluate()
pd.DataFrame(found["metrics"]).T.round(4)

# %% [markdown]
# The log is simulated, so the AUC of the true probabilities is known: no ranker can do better.

# %%
ranker.run.dataset().manifest.metadata["best_possible_auc"]

# %% [markdown]
# The same by group of users, from pure new ones (PN) to highly active ones (HA):

# %%
auc = {group: {task: values["auc"] for task, values in tasks.items()} for group, tasks in found["groups"].items()}
pd.DataFrame(auc).round(3)

# %% [markdown]
# ## To keep
#
# A version for TensorFlow Serving, a page with everything that was found out, and the run itself. Each opens again
# without this notebook.

# %%
version = ranker.export(workspace / "exports")
ranker.save(workspace / "run")
tfelc.load(version).predict(test.head(2)), tfelc.load(workspace / "run").predict(test.head(2))

# %%
ranker.report(workspace / "report.html")
