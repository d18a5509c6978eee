import os
import subprocess
import sys
import textwrap

import pytest

from tests.support.training import ROOT
from tfelc.core import tensorflow_start

NOISE = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1.1 1 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the flags.",
    "E0000 00:00:1.1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)",
]
WORDS = [
    "F0000 00:00:1.1 1 cpu_feature_guard.cc:1] This binary needs AVX, which the machine has not.",
    "E0000 00:00:1.1 1 gpu.cc:1] Out of memory",
    "ImportError: no such library, I0000",
]


def python(program, **variables):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"} | variables
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)


@pytest.mark.parametrize("end", ["pass", "os.abort()", "raise ImportError('no such library, I0000')"])
def test_noise_is_held_back_and_last_words_are_not(end):
    done = python(f"""
        import os
        from tfelc.core.tensorflow_start import _filtered_stderr
        try:
            with _filtered_stderr():
                for line in {NOISE + WORDS[:2]!r}:
                    os.write(2, line.encode() + b"\\n")
                {end}
        except ImportError as error:
            os.write(2, f"ImportError: {{error}}\\n".encode())
        os.write(2, {NOISE[1]!r}.encode())  # Afterwards all is as it was.
    """)
    assert (done.returncode == 0) == (end != "os.abort()")
    found = done.stderr.splitlines()
    kept = WORDS if "Import" in end else WORDS[:2]
    assert found == kept + ([] if "abort" in end else [NOISE[1]])


def test_keras_starts_without_what_is_not_used_here_and_others_still_import_it():
    done = python("""
        import sys
        from tfelc.core.tensorflow_start import load_tensorflow
        load_tensorflow()
        assert "keras" in sys.modules
        assert not {"IPython", "jax", "matplotlib", "pandas", "scipy", "sklearn"} & sys.modules.keys()
        import matplotlib.figure, pandas, pyarrow, sklearn.cluster
        assert pyarrow.table({"a": [1]}).to_pandas().equals(pandas.DataFrame({"a": [1]}))
    """)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("variable", "file", "hidden"),
    [
        (None, None, True),
        (None, '{"backend": "tensorflow"}', True),
        (None, '{"backend": "jax"}', False),
        ("jax", '{"backend": "tensorflow"}', False),
        ("tensorflow", '{"backend": "jax"}', True),
    ],
)
def test_jax_is_left_out_unless_keras_runs_on_it(variable, file, hidden, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if file:
        (tmp_path / "keras.json").write_text(file)
    assert ("jax" in tensorflow_start._unused()) == hidden
