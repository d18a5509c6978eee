import numpy as np
import pytest

from tfelc.core.errors import UsageError
from tfelc.core.expression import Expression

VALUES = {"ctr": np.array([0.5, 0.25, 0.0], np.float32), "cvr": np.array([0.5, 1.0, 0.0], np.float32)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ctr * cvr", [0.25, 0.25, 0.0]),
        ("ctr + 2 * cvr - 1", [0.5, 1.25, -1.0]),
        ("-ctr ** 2", [-0.25, -0.0625, 0.0]),
        ("max(ctr, cvr) / 2", [0.25, 0.5, 0.0]),
        ("sqrt(ctr)", [0.5**0.5, 0.5, 0.0]),
        ("ctr / cvr", [1.0, 0.25, -np.inf]),  # 0 / 0 is no number and comes last
        ("log(cvr)", [np.log(0.5), 0.0, -np.inf]),
        ("3", [3.0, 3.0, 3.0]),
        ("9 ** 9 ** 9 * ctr", [-np.inf, -np.inf, -np.inf]),
        ("min(log(ctr - 1), 1)", [-np.inf, -np.inf, -np.inf]),  # the least of what is no number is none, either
        ("+".join(["1"] * 100) + "+ctr", [100.5, 100.25, 100.0]),
    ],
)
def test_arithmetic(text, expected):
    np.testing.assert_allclose(Expression(text, VALUES)(VALUES), expected)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "ctr.__class__",
        "(lambda: ctr)()",
        "[ctr for _ in (1, 2)]",
        "open('x')",
        "min(ctr)",
        "max(ctr, cvr, ctr)",
        "log(ctr, base=2)",
        "ctr if cvr else 1",
        "ctr < cvr",
        "'a' * 9",
        "True",
        "1j",
        "price",
        "ctr *",
        "ctr; cvr",
        "",
        "(" * 300 + "ctr" + ")" * 300,
        "+".join(["ctr"] * 500),
        "log",
        "+".join(["1"] * 300),
        "-" * 900 + "ctr",
        "1e999 * ctr",
        "1" + "0" * 400,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="`score`"):
        Expression(text, VALUES)


def test_it_says_which_outputs_it_uses():
    assert Expression("max(cvr, 2) * cvr", VALUES).used == ["cvr"] and Expression("3", VALUES).used == []


@pytest.mark.parametrize(
    ("text", "finite"),
    [
        ("ctr / 0", False),
        ("log(ctr - 2)", False),
        ("log(ctr - 1)", False),  # of 0 at most
        ("log(ctr - 0.999)", True),
        ("log(0.0001 - ctr)", True),
        ("sqrt(-seconds)", True),  # of 0 alone
        ("sqrt(-1 - seconds)", False),
        ("log(seconds - 1000000)", True),
        ("sqrt(-1 - any)", True),
        ("log(-exp(any))", False),
        ("9 ** 9 ** 9 * ctr", False),
        ("3", True),
    ],
)
def test_what_is_finite_for_no_output_is_refused(text, finite):
    formula = Expression(text, ["ctr", "seconds", "any"])
    ranges = {"ctr": (0.0, 1.0), "seconds": (0.0, np.inf)}
    if finite:
        formula.refuse_endless(ranges)
    else:
        with pytest.raises(UsageError, match="is a finite number for no output"):
            formula.refuse_endless(ranges)
