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
# From a log to a trained ranker, on a small simulated log. Half a minute on two cores.

# %%
import tempfile
from pathlib import Path

from tfelc.core.tensorflow_start import load_tensorflow

load_tensorflow()
workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))

# %% [markdown]
# ## Data
#
# The simulated log has impressions of items to users, with a click and, after a click, perhaps an order. Preparing a
# log splits it and writes Parquet.

# %%
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import simulated_log as simulated

simulated.prepare(rows=20_000, seed=7, out=workspace / "data")
dataset = Dataset(workspace / "data")
dataset.manifest.rows

# %% [markdown]
# The schema names every column and says what it means; the model's inputs and tasks follow from it.

# %%
{name: (task.label, task.conditioned_on) for name, task in dataset.schema.tasks.items()}

# %%
{
    role: [name for name, column in dataset.schema.features.items() if column.role == role]
    for role in ("user", "activity", "item", "context")
}

# %% [markdown]
# ## Training
#
# Settings have defaults; each can be set by its name. `ctr` is whether an impression is clicked, `cvr` whether a
# click becomes an order.

# %%
from rich.console import Console

from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training

config = RankerSettings.load(None, ["training.epochs=2", "training.batch_size=512", "model.clusters.num_clusters=8"])
console = Console(force_jupyter=False, width=120)
training = create_training(dataset, ["ctr", "cvr"], config, workspace / "run", console)
model = training.train().model

# %% [markdown]
# ## How good is it?
#
# The test split holds rows that training never saw. `ctcvr` is click and order in one, over all impressions.

# %%
import pandas as pd

result = training.test()
pd.DataFrame(result.metrics).T.round(4)

# %% [markdown]
# The log is simulated, so the AUC of the true probabilities is known: no ranker can do better.

# %%
dataset.manifest.metadata["best_possible_auc"]

# %% [markdown]
# The same by group of users, from pure new ones (PN) to highly active ones (HA):

# %%
pd.DataFrame(
    {group: {task: values["auc"] for task, values in tasks.items()} for group, tasks in result.groups.items()}
).round(3)

# %% [markdown]
# ## Scores
#
# The trained model takes raw rows; ids and missing values are looked up inside.

# %%
import pyarrow.parquet as pq

from tfelc.ranker.models.probabilities import probabilities

rows = pq.read_table(dataset.files("test")[0]).slice(0, 5)
logits = model.ranker(model.lookup.encode(rows))["logits"]
scores = {name: values.numpy().round(4) for name, values in probabilities(model.tasks, logits).items()}
pd.DataFrame({"user": rows["user_id"].to_pylist(), "item": rows["anchor_id"].to_pylist(), **scores})

# %% [markdown]
# ## A report
#
# Everything that was found out about a run, on one page to open in a browser. `python pipelines/report.py` writes the
# same.

# %%
from tfelc.core.atomic_files import write_text
from tfelc.ranker.report.ranker_report import RankerReport
from tfelc.ranker.run import RankerRun

write_text(workspace / "report.html", RankerReport(RankerRun(workspace / "run")).html("quick start"))
workspace / "report.html"
