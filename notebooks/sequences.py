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
import pandas as pd

import tfelc
from tfelc.next_item.data.simulated_sequences import simulate

world = simulate()
sequences = world.sequences
sequences.num_users, sequences.num_items, len(sequences.actions)

# %% [markdown]
# ## Training
#
# `simulated` is the name of these sequences; a DataFrame with the columns `user`, `item` and `time` does as well. Each
# user's last item is for the test, the one before it for validation, as in the paper. The contrast between two views of
# a history is left out here to save time.

# %%
model = tfelc.NextItemModel(
    "elcrec",
    settings={
        "training.epochs": 5,
        "training.yardsticks": False,
        "model.encoder.dim": 32,
        "model.encoder.dropout": 0.2,
        "model.clusters.num_clusters": 20,
        "model.clusters.pooling": "mean",
        "model.contrast": {"sequence_weight": 0, "intent_weight": 0},
    },
)
model.fit("simulated")

# %% [markdown]
# ## Recommendations
#
# The best items for three users, without what they had before. The last history holds nothing that is known, and gets
# what is popular.

# %%
catalog = sequences.catalog
histories = [catalog[sequences.of(user)[:-1] - 1].tolist() for user in (0, 1)] + [[]]
model.recommend(histories, k=4).pivot(index="row", columns="rank", values="item").rename_axis("recommended")

# %% [markdown]
# ## How good is it?
#
# Every item is ranked for every test user. HR@20: how often the true next item is among the first 20. The most
# popular items are what to beat.

# %%
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.popularity import Popularity

splits = leave_one_out(sequences)
popular = full_ranking(Popularity(sequences.num_items).fit(splits.train), splits.test, sequences.num_items)
found = model.evaluate()["metrics"]["next_item"]
pd.DataFrame({"ELCRec": found, "most popular": ranking_metrics(popular.ranks)}).round(3)

# %% [markdown]
# ## Clusters
#
# The clusters of the users beside their true intents, for users who have only one. The adjusted Rand index is 1 if
# they are the same up to their names, and about 0 if they have nothing to do with each other.

# %%
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer

users = splits.test.users
clusters = CatalogScorer(model.run.model()).embed(splits.test)["cluster"]
single = world.intents[users, 0] == world.intents[users, 1]
assignment_agreement(clusters[single], world.intents[users[single], 0])

# %% [markdown]
# The largest clusters, and the intent that most of each cluster's users follow:

# %%
table = pd.DataFrame({"cluster": clusters[single], "intent": world.intents[users[single], 0]})
summary = table.groupby("cluster")["intent"].agg(
    users="size", intent=lambda column: column.mode()[0], share=lambda column: (column == column.mode()[0]).mean()
)
summary.sort_values("users", ascending=False).head(8).round(2)
