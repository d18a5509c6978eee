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
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="`score`"):
        Expression(text, VALUES)


def test_it_says_which_outputs_it_uses():
    assert Expression("max(cvr, 2) * cvr", VALUES).used == ["cvr"] and Expression("3", VALUES).used == []
