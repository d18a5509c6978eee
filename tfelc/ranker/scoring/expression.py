"""A formula over a ranker's outputs, such as `ctr * cvr`, from the command line; nothing but arithmetic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import UsageError

Array = NDArray[Any]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "log": (np.log, 1),
    "exp": (np.exp, 1),
    "sqrt": (np.sqrt, 1),
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
}
_LONGEST = 1000


class Expression:
    """Arithmetic over named arrays, in float64: + - * / **, numbers, log, exp, sqrt, min and max of two.

    The text is parsed, never run: what is not in that list is refused.

    Args:
        text: The formula.
        names: The names it may use.

    Raises:
        UsageError: It is no such formula, or uses another name.

    Example:
        >>> float(Expression("ctr * cvr ** 0.5", ["ctr", "cvr"])({"ctr": np.array(0.5), "cvr": np.array(0.25)}))
        0.25
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text = text
        self._names = list(names)
        try:
            if len(text) > _LONGEST:
                raise UsageError(f"`score`: a formula of more than {_LONGEST} characters", ["score"])
            self._tree = ast.parse(text.strip(), mode="eval").body
            self._check(self._tree, names)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise UsageError(f"`score` {text[:80]}: not a formula; write one such as 'ctr * cvr'", ["score"]) from None

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """Its value for arrays of one shape; what is no finite number becomes minus infinity, and so comes last."""
        with np.errstate(all="ignore"):
            found = np.asarray(self._value(self._tree, values), np.float64)
        shape = np.broadcast_shapes(found.shape, *(each.shape for each in values.values()))
        return np.where(np.isfinite(found), np.broadcast_to(found, shape), -np.inf)

    def refuse_endless(self) -> None:
        """Raises UsageError where it is no finite number whatever the outputs are, such as `ctr / 0`."""
        random = np.random.default_rng(0)
        # Probabilities, and whole numbers as those of clusters are.
        tried = np.concatenate(
            [random.random((200, len(self._names))), random.integers(0, 1000, (200, len(self._names)))]
        )
        if np.isneginf(self(dict(zip(self._names, tried.T, strict=True)))).all():
            raise self._fault("is a finite number for no output; there is nothing to rank by")

    def _check(self, node: ast.expr, names: Collection[str]) -> None:
        match node:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                self._check(left, names)
                self._check(right, names)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                self._check(operand, names)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                pass
            case ast.Name(id=name):
                if name not in names:
                    raise self._fault(f"no output `{name}`; the model has {', '.join(names)}")
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                if len(args) != _FUNCTIONS[name][1]:
                    raise self._fault(f"`{name}` takes {_FUNCTIONS[name][1]} values")
                for each in args:
                    self._check(each, names)
            case _:
                raise self._fault(
                    f"only outputs, numbers, + - * / ** and {', '.join(_FUNCTIONS)} are allowed. "
                    f"Received: {ast.unparse(node)}"
                )

    def _fault(self, reason: str) -> UsageError:
        return UsageError(f"`score` {self.text}: {reason}", ["score"])

    def _value(self, node: ast.expr, values: Mapping[str, Array]) -> Any:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](self._value(left, values), self._value(right, values))
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](self._value(operand, values))
            case ast.Name(id=name):
                return values[name].astype(np.float64)
            case ast.Call(func=ast.Name(id=name), args=args):
                return _FUNCTIONS[name][0](*(self._value(each, values) for each in args))
            case ast.Constant(value=int() | float() as value):
                return np.float64(value)
        raise AssertionError(ast.dump(node))
