import os
import subprocess
import sys
import textwrap

import pytest

from tests.support.interruptible import interruptible
from tfelc.core.command_line import run
from tfelc.core.errors import DataError, UsageError

APP = """
    import os, signal, sys, time
    import typer
    from tfelc.core.interruption import advise
    from tfelc.core.command_line import run

    app = typer.Typer()

    @app.command()
    def command(kind: str = "fine", rows: int = 0) -> None:
        if kind == "fine":
            print(os.environ["TF_CPP_MIN_LOG_LEVEL"], "tensorflow" in sys.modules)
        elif kind == "interrupt":
            raise KeyboardInterrupt
        elif kind in ("SIGTERM", "SIGINT"):
            advise("start it again")
            try:
                os.kill(os.getpid(), getattr(signal, kind))
                time.sleep(60)
            finally:
                print("cleaned up")
        elif kind == "flood":
            for _ in range(rows):
                print("x" * 1000)
        elif kind == "missing":
            raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")
        else:
            raise ZeroDivisionError("by\\nzero")

    run(app)
"""


@pytest.fixture
def command(tmp_path):
    path = tmp_path / "command.py"
    path.write_text(textwrap.dedent(APP))
    environment = {k: v for k, v in os.environ.items() if k not in ("TF_CPP_MIN_LOG_LEVEL", "TFELC_DEBUG")}

    def call(*arguments, **variables):
        with interruptible():
            return subprocess.run(
                [sys.executable, path, *arguments], capture_output=True, text=True, env={**environment, **variables}
            )

    call.path = path
    return call


def end_of(function):
    with pytest.raises(SystemExit) as end:
        run(function)
    return end.value.code


def raiser(error):
    def app():
        raise error

    return app


def test_a_command_that_succeeds_ends_with_0_and_loads_no_tensorflow(command):
    done = command()
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 False\n", "")


def test_a_log_level_that_the_user_set_is_kept(command):
    done = command(TF_CPP_MIN_LOG_LEVEL="0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 False\n", "")


def test_an_unknown_option_and_a_bad_value_end_with_2(command):
    for arguments in (["--no-such-option"], ["--rows", "many"]):
        done = command(*arguments)
        assert done.returncode == 2
        assert arguments[0] in done.stderr
        assert "Traceback" not in done.stderr


def test_an_interrupt_ends_with_130_and_without_a_traceback(command):
    done = command("--kind", "interrupt")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("signal", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")])
def test_a_signal_cleans_up_and_says_what_to_do_next(command, signal, code, word):
    done = command("--kind", signal)
    assert (done.returncode, done.stdout, done.stderr) == (code, "cleaned up\n", f"error: {word}; start it again\n")


def test_arguments_that_a_message_names_are_shown_as_flags(capsys):
    error = UsageError("`top_k` and `tasks` exclude each other; no output `top_k`", ["top_k", "tasks"])
    assert end_of(raiser(error)) == 2
    assert capsys.readouterr().err == "error: --top-k and --task exclude each other; no output `top_k`\n"
    assert str(error) == "`top_k` and `tasks` exclude each other; no output `top_k`"


def test_a_package_of_the_serving_extra_that_is_not_installed_is_named_with_the_way_to_get_it(command):
    done = command("--kind", "missing")
    assert done.returncode == 1
    assert done.stderr == (
        "error: `uvicorn` is not installed; pip install '.[serving]' in a checkout of tfelc brings it\n"
    )


def test_an_unexpected_error_is_one_line_unless_debugging(command):
    done = command("--kind", "fault")
    assert done.returncode == 1
    assert done.stderr == ("error: unexpected ZeroDivisionError: by zero (set TFELC_DEBUG=1 for the traceback)\n")
    debugged = command("--kind", "fault", TFELC_DEBUG="1")
    assert debugged.returncode == 1
    assert 'raise ZeroDivisionError("by\\nzero")' in debugged.stderr


def test_a_reader_that_leaves_early_is_no_error_worth_a_word(command):
    process = subprocess.Popen(
        [sys.executable, command.path, "--kind", "flood", "--rows", "2000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.parametrize(("error", "code"), [(DataError("table.csv: no\nrows"), 1), (UsageError("no such task"), 2)])
def test_our_errors_are_one_line_with_their_exit_code(error, code, capsys):
    assert end_of(raiser(error)) == code
    assert capsys.readouterr().err == f"error: {' '.join(str(error).split())}\n"


@pytest.mark.parametrize("code", ["ENOSPC", "EACCES", "EROFS"])
def test_a_disk_that_takes_nothing_is_one_line(code, capsys):
    import errno

    number = getattr(errno, code)
    assert end_of(raiser(OSError(number, os.strerror(number), "/somewhere/part.parquet"))) == 1
    assert capsys.readouterr().err == f"error: /somewhere/part.parquet: {os.strerror(number)}\n"


def test_a_full_disk_behind_a_librarys_own_exception_is_recognised(capsys):
    assert end_of(raiser(RuntimeError("variables.data; No space left on device [Op:SaveV2]"))) == 1
    assert capsys.readouterr().err == "error: variables.data; No space left on device [Op:SaveV2]\n"


def test_an_endless_message_is_cut(capsys):
    assert end_of(raiser(ValueError("graph " * 10_000))) == 1
    assert len(capsys.readouterr().err) < 800
