#!/usr/bin/env bash
# TensorFlow 2.21.0, two processes on the loopback. Collective operations of one instance key must be of one shape while
# a graph runs; and what `ReplicaContext.all_reduce` builds in a function that is called under a condition within a loop
# cannot run.
#
# Guess before it was run: a key says which operations belong together, step by step, and shapes may differ from step to
# step; `all_reduce` works wherever a graph is built.
# Seen: `Shape mismatch in the collective instance`; and `You must feed a value for placeholder tensor`, since the
# strategy's keys are captured when the function is called, and are lost there. Keras's `fit` with `steps_per_execution`
# is such a loop; without the condition it works.
#
# Prints the version and what is said. Ends with 0 where the behavior was seen, with 1 where it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > "$folder/two.py" <<'PYTHON'
import json
import os
import socket
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
EXPECTED = {"shapes": "Shape mismatch in the collective instance", "keys": "You must feed a value for placeholder"}
if len(sys.argv) == 1:
    seen = []
    for what in EXPECTED:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
        for each in sockets:
            each.close()
        cluster = {"worker": workers}
        both = [
            subprocess.Popen(
                [sys.executable, __file__, what],
                env={
                    **os.environ,
                    "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": rank}}),
                },
            )
            for rank in range(2)
        ]
        seen += [process.wait() == 0 for process in both]
    sys.exit(0 if all(seen) else 1)

import tensorflow as tf

what = sys.argv[1]
strategy = tf.distribute.MultiWorkerMirroredStrategy()


def gathered(size):
    key = {"group_size": 2, "group_key": 1 << 20, "instance_key": 1}
    return tf.size(tf.raw_ops.CollectiveGatherV2(input=tf.ones([1, size]), ordering_token=[], **key))


@tf.function
def added():
    def add():
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.ones([1]))

    return tf.cast(strategy.run(add)[0], tf.int32)


@tf.function
def steps():
    total = 0
    for size in tf.range(1, 4):
        if size < 3:
            total += gathered(size) if what == "shapes" else added()
    return total


try:
    print(tf.__version__, what, "no error:", steps().numpy(), flush=True)
    sys.exit(1)
except tf.errors.OpError as error:
    print(tf.__version__, what, *(line.strip() for line in str(error).splitlines() if EXPECTED[what] in line))
    sys.exit(0 if EXPECTED[what] in str(error) else 1)
PYTHON
"$folder/venv/bin/python" "$folder/two.py"
