"""A formula over a ranker's outputs, such as `ctr * cvr`, of a schema or a command; nothing but arithmetic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

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
# Function -> how many values it takes, and what it is for arrays of NumPy's.
_ARGUMENTS = {"log": 1, "exp": 1, "sqrt": 1, "min": 2, "max": 2}
Functions: TypeAlias = Mapping[str, Callable[..., Any]]
_FUNCTIONS: Functions = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "min": np.minimum, "max": np.maximum}
_LONGEST, _DEEPEST = 1000, 100
# Lower and upper end of what a name may stand for.
Range: TypeAlias = tuple[float, float]
ANY_NUMBER: Range = (-np.inf, np.inf)
_TRIED = 4000
_LARGEST = float(np.finfo(np.float64).max)


class Expression:
    """Arithmetic over named arrays, in float64: + - * / **, numbers, log, exp, sqrt, min and max of two.

    The text is parsed, never run: what is not in that list is refused.

    Args:
        text: The formula.
        names: The names it may use.

    Attributes:
        used: The names that it uses, in their order.

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
        said = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        self.used = [name for name in self._names if name in said]

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """Its value for arrays of one shape; what is no finite number becomes minus infinity, and so comes last."""
        with np.errstate(all="ignore"):
            wide = {name: each.astype(np.float64) for name, each in values.items()}
            found = np.asarray(self.value(wide, _FUNCTIONS, np.float64), np.float64)
        shape = np.broadcast_shapes(found.shape, *(each.shape for each in values.values()))
        return np.where(np.isfinite(found), np.broadcast_to(found, shape), -np.inf)

    def value(self, values: Mapping[str, Any], functions: Functions, number: Callable[[float], Any]) -> Any:
        """Its value as it comes out, with arrays or tensors of whatever kind.

        Args:
            values: Name -> array or tensor.
            functions: `log`, `exp`, `sqrt`, `min` and `max` of these.
            number: Makes one of these of a number.
        """
        return self._value(self._tree, values, functions, number)

    def refuse_endless(self, ranges: Mapping[str, Range]) -> None:
        """Raises UsageError where it is no finite number whatever the outputs are, such as `ctr / 0` or `log(ctr - 2)`.

        Args:
            ranges: Name -> its range; one without may be any number.
        """
        random = np.random.default_rng(0)
        tried = {name: _values_in(ranges.get(name, ANY_NUMBER), random) for name in self._names}
        if np.isneginf(self(tried)).all():
            raise self._fault("is a finite number for no output; there is nothing to rank by")

    def _check(self, node: ast.expr, names: Collection[str], depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise self._fault(f"nested more than {_DEEPEST} deep")
        match node:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                self._check(left, names, depth + 1)
                self._check(right, names, depth + 1)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                self._check(operand, names, depth + 1)
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if not abs(value) <= _LARGEST:
                    raise self._fault("a number in it is too large")
            case ast.Name(id=name):
                if name not in names:
                    raise self._fault(f"no output `{name}`; there are {', '.join(names)}")
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _ARGUMENTS:
                if len(args) != _ARGUMENTS[name]:
                    raise self._fault(f"`{name}` takes {_ARGUMENTS[name]} values")
                for each in args:
                    self._check(each, names, depth + 1)
            case _:
                raise self._fault(
                    f"only outputs, numbers, + - * / ** and {', '.join(_FUNCTIONS)} are allowed. "
                    f"Received: {ast.unparse(node)}"
                )

    def _fault(self, reason: str) -> UsageError:
        return UsageError(f"`score` {self.text}: {reason}", ["score"])

    def _value(
        self, node: ast.expr, values: Mapping[str, Any], functions: Functions, number: Callable[[float], Any]
    ) -> Any:
        def of(part: ast.expr) -> Any:
            return self._value(part, values, functions, number)

        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](of(left), of(right))
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](of(operand))
            case ast.Name(id=name):
                return values[name]
            case ast.Call(func=ast.Name(id=name), args=args):
                return functions[name](*map(of, args))
            case ast.Constant(value=int() | float() as constant):
                return number(float(constant))
        raise AssertionError(ast.dump(node))


def _values_in(ends: Range, random: np.random.Generator) -> Array:
    """Numbers of a range: its ends, and others of every size, near its ends as far from them."""
    low, high = ends
    if np.isfinite([low, high]).all():
        shares = np.concatenate([random.random(_TRIED), 10 ** random.uniform(-6, 0, _TRIED)])
        inner = np.concatenate([low + (high - low) * shares, high - (high - low) * shares])
        ends_alone = [low, high]
    else:
        sizes = 10 ** random.uniform(-6, 9, 2 * _TRIED)
        inner = low + sizes if np.isfinite(low) else np.concatenate([sizes, -sizes])
        ends_alone = [low] if np.isfinite(low) else [0]
    return np.where(random.random(_TRIED) < 0.2, random.choice(ends_alone, _TRIED), random.choice(inner, _TRIED))
