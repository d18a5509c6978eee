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
# requests can be tried without it.

# %%
import tempfile
from pathlib import Path

from rich.console import Console

from tfelc.core.tensorflow_start import load_tensorflow

load_tensorflow()
workspace = Path(tempfile.mkdtemp(prefix="tfelc-"))

# %% [markdown]
# ## A trained run
#
# Small, for the sake of the example.

# %%
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import simulated_log as simulated
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training

simulated.prepare(rows=5_000, seed=7, out=workspace / "data")
config = RankerSettings.load(None, ["training.epochs=1", "training.batch_size=512"])
console = Console(force_jupyter=False, width=120)
training = create_training(Dataset(workspace / "data"), ["ctr", "cvr"], config, workspace / "run", console)
model = training.train().model

# %% [markdown]
# ## Export
#
# A version is verified in a fresh process before it appears: it has to answer as the trained model does.

# %%
from tfelc.ranker.export.exporter import export
from tfelc.ranker.run import RankerRun

exported = export(RankerRun(workspace / "run"), workspace / "base")
exported.path.name, list(exported.manifest.signatures)

# %% [markdown]
# ## A server
#
# It is a process of its own and picks free ports here. It lives in the repository, so it is started from there.

# %%
import subprocess
import sys

import tfelc

repository = Path(tfelc.__file__).parents[1]
options = ["--base-path", str(workspace / "base"), "--name", "ranker", "--rest-port", "0", "--grpc-port", "0"]
server = subprocess.Popen(
    [sys.executable, "-m", "tfelc.commands", "serve", *options],
    cwd=repository,
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
)
ready = server.stdout.readline()
address = ready.split()[2]
ready

# %%
import httpx

httpx.get(f"{address}/v1/models/ranker").json()

# %% [markdown]
# ## Scores of rows
#
# `serving_default` takes raw values, row by row.

# %%
import json

import pyarrow.parquet as pq

from tfelc.ranker.export.requests import json_request, request_inputs

schema = exported.manifest.table
rows = pq.read_table(Dataset(workspace / "data").files("test")[0]).slice(0, 3)
body = json_request("serving_default", request_inputs(schema, "serving_default", rows))
json.loads(body)["instances"][0]

# %%
httpx.post(f"{address}/v1/models/ranker:predict", content=body).json()

# %% [markdown]
# ## A ranking
#
# `rank` takes one user and many items; what belongs to the user is computed once.

# %%
body = json_request("rank", request_inputs(schema, "rank", rows))
httpx.post(f"{address}/v1/models/ranker:predict", content=body).json()

# %% [markdown]
# ## A mistake
#
# The answer says what is wrong with a request.

# %%
answer = httpx.post(f"{address}/v1/models/ranker:predict", content='{"instances": [{"user_id": "u1"}]}')
answer.status_code, answer.json()["error"][:200]

# %%
server.terminate()
server.wait()
