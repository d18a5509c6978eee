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
# # Serving
#
# A trained ranker becomes a version for TensorFlow Serving. The local server keeps the same contract, so that
# requests can be tried without it. It needs the extra packages of `pip install '.[serving]'`.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import tfelc
from tfelc.ranker.data import simulated_log

workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))
simulated_log.prepare(rows=5_000, seed=7, out=workspace / "data")
settings = {"training.epochs": 1, "training.batch_size": 512, "training.yardsticks": False}
ranker = tfelc.Ranker(workspace / "data" / "schema.yaml", settings=settings).fit(workspace / "data")

# %% [markdown]
# ## Export
#
# A version is verified in a fresh process before it appears: it has to answer as the trained model does.

# %%
version = ranker.export(workspace / "base")
version.name, list(tfelc.load(version).manifest.signatures)

# %% [markdown]
# ## A server
#
# `tfelc serve` in a process of its own; it picks free ports here.

# %%
import subprocess
import sys

options = ["--base-path", str(workspace / "base"), "--name", "ranker", "--rest-port", "0", "--grpc-port", "0"]
server = subprocess.Popen(
    [sys.executable, "-m", "tfelc.commands", "serve", *options],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
)
ready = server.stdout.readline()
address = ready.split()[2]
ready

# %% [markdown]
# ## A client
#
# It keeps its connections, tries again while the server is unavailable, and never beyond its deadline.

# %%
from tfelc.serving.client.rest_client import RestClient

client = RestClient(address, "ranker")
client.status()

# %% [markdown]
# ## Scores of rows
#
# `predict` sends raw values, a column for each feature. `ready_requests` has some with real rows; `tfelc request`
# prints them for a shell.

# %%
requests = {signature: inputs for _, signature, inputs in ranker.ready_requests(rows=3)}
{
    name: values.tolist()
    for name, values in requests["serving_default"].items()
    if name in ("user_id", "city_tier", "hour")
}

# %%
pd.DataFrame(client.predict(requests["serving_default"]))

# %% [markdown]
# ## A ranking
#
# `rank` takes one user and many items; what belongs to the user is computed once.

# %%
of_items = [name for name, column in ranker.schema.features.items() if column.role == "item"]
items = {name: requests["rank"][name] for name in of_items}
user = {name: values[0] for name, values in requests["rank"].items() if name not in of_items}
pd.DataFrame(client.rank(user, items))

# %% [markdown]
# ## A mistake
#
# The answer says what is wrong with a request.

# %%
import httpx

answer = httpx.post(f"{address}/v1/models/ranker:predict", content='{"instances": [{"user_id": "u1"}]}')
answer.status_code, answer.json()["error"][:200]

# %%
client.close()
server.terminate()
server.wait()
