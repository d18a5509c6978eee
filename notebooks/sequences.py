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
# # Sequences
#
# ELCRec predicts the next item of a user from the items before it, and clusters the users by what they are after.
# Here it is trained on simulated users, each of whom follows one or two intents, so that the clusters can be set
# beside the truth.

# %%
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console

from tfelc.core.tensorflow_start import load_tensorflow

load_tensorflow()
workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))

# %%
from tfelc.next_item.data.simulated_sequences import simulate

world = simulate()
sequences = world.sequences
sequences.num_users, sequences.num_items, len(sequences.actions)

# %% [markdown]
# A user's history, as item numbers in the order of time:

# %%
sequences.of(0)

# %% [markdown]
# ## Training
#
# Each user's last item is for the test, the one before it for validation, as in the paper. The contrast between two
# views of a history is left out here to save time.

# %%
from tfelc.next_item.settings import NextItemSettings
from tfelc.next_item.training.train import create_training

settings = [
    "training.epochs=5",
    "model.encoder.dim=32",
    "model.encoder.dropout=0.2",
    "model.clusters.num_clusters=20",
    "model.clusters.pooling=mean",
]
config = NextItemSettings.load(None, settings)
console = Console(force_jupyter=False, width=120)
training = create_training(sequences, "simulated", config, workspace / "run", console)
model = training.train().model

# %% [markdown]
# ## How good is it?
#
# Every item is ranked for every test user. HR@20: how often the true next item is among the first 20. The most
# popular items are what to beat.

# %%
import pandas as pd

from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.popularity import Popularity

splits = training.trainable.splits
popular = full_ranking(Popularity(sequences.num_items).fit(splits.train), splits.test, sequences.num_items)
pd.DataFrame({"ELCRec": training.test().metrics["next_item"], "most popular": ranking_metrics(popular.ranks)}).round(3)

# %% [markdown]
# ## Recommendations
#
# The five best items for three users, without what they had before.

# %%
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer

few = splits.test.take(slice(0, 3))
scores = CatalogScorer(model).scores(few)
scores[:, 0] = -np.inf
for row in range(len(few)):
    scores[row, few.history(row)] = -np.inf
best = np.argsort(-scores, axis=1)[:, :5]
pd.DataFrame(
    {"last items": [few.history(row)[-3:] for row in range(3)], "recommended": list(best), "chosen": few.targets}
)

# %% [markdown]
# ## Clusters
#
# The clusters of the users beside their true intents, for users who have only one. The adjusted Rand index is 1 if
# they are the same up to their names, and about 0 if they have nothing to do with each other.

# %%
from tfelc.metrics.assignment_agreement import assignment_agreement

users = splits.test.users
found = CatalogScorer(model).embed(splits.test)["cluster"]
single = world.intents[users, 0] == world.intents[users, 1]
assignment_agreement(found[single], world.intents[users[single], 0])

# %% [markdown]
# The largest clusters, and the intent that most of each cluster's users follow:

# %%
table = pd.DataFrame({"cluster": found[single], "intent": world.intents[users[single], 0]})
summary = table.groupby("cluster")["intent"].agg(
    users="size", intent=lambda column: column.mode()[0], share=lambda column: (column == column.mode()[0]).mean()
)
summary.sort_values("users", ascending=False).head(8).round(2)
