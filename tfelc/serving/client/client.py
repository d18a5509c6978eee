"""What the clients of both protocols share."""

from __future__ import annotations

import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tfelc.core.errors import UsageError
from tfelc.next_item.export.conditions import Conditions
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.deadline import Deadline
from tfelc.serving.client.inputs import (
    Values,
    attribute_kinds,
    check_rows,
    columns_of,
    condition_inputs,
    ranking_inputs,
    recommendation_inputs,
    to_arrays,
    with_no_conditions,
)
from tfelc.serving.client.signature import Signature, Signatures

Array = npt.NDArray[Any]
Token = str | Callable[[], str]
_DEFAULT = "serving_default"
_RECOMMEND_WITH = "recommend_with"
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
# What a call by metadata of yesterday may be answered with.
_OUTDATED = ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND")


@dataclass(frozen=True)
class Which:
    """The version that is asked: a number, a label, or neither for the server's choice."""

    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        """Refuses both."""
        if self.version is not None and self.label is not None:
            raise ValueError("give a version or a label, not both")


class Client(ABC):
    """Calls a served model; usable in a `with` statement, and by several threads at a time.

    The clients of both protocols take the same inputs, convert them alike by the model's own metadata, which are asked
    for once, and give the same outputs in the same types: numbers in the model's, strings as `str`, and as `bytes`
    where the output's name ends in `_bytes`.

    A call that finds no server (UNAVAILABLE) is tried again until its time is up, with growing pauses; no other
    failure is. No call takes longer than its time.

    Args:
        model: The model's name.
        timeout: Seconds for a call, all its attempts together.
        token: Sent as `authorization: Bearer TOKEN`; or a function that gives it, asked before each attempt.
        headers: Sent with each request.

    Attributes:
        timeout: As given.
    """

    def __init__(self, model: str, timeout: float, token: Token | None, headers: Mapping[str, str] | None) -> None:
        self._model = model
        self.timeout = timeout
        self._token = token
        self._given = {name.lower(): value for name, value in (headers or {}).items()}
        self._known: dict[Which, Signatures] = {}

    def predict(
        self,
        inputs: Any,
        signature: str = _DEFAULT,
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> dict[str, Array]:
        """Calls a signature.

        Args:
            inputs: Input -> one value a row: lists, arrays or columns. Or a frame of pandas, polars or pyarrow, whose
                other columns are passed over. Conditions that a mapping for `recommend_with` leaves out ask for
                nothing.
            signature: The signature's name.
            version: The version asked. Defaults to the server's choice, the highest.
            label: The label asked, instead of a version.
            timeout: Seconds for this call. Defaults to the client's.
            request_id: Sent as `x-request-id`, by which the server's logs name the request: 1 to 64 letters, digits or
                `_.:-`. Defaults to None: the server gives it one.

        Returns:
            Output -> array.

        Raises:
            CallError: The server refused the call, or did not answer in time; or inputs are missing, or not the
                signature's.
            TypeError: A value is of a kind that the input does not take; the message names the input.
            ValueError: A number does not fit its type, columns are of unequal lengths, or an id is none.
        """
        return self._predict(Which(version, label), signature, lambda _: inputs, self._deadline(timeout, request_id))

    def status(self, timeout: float | None = None) -> dict[int, str]:
        """The model's versions and their states, as in `{3: "AVAILABLE"}`."""
        deadline = self._deadline(timeout)
        return deadline.retry(lambda: self._ask_status(deadline))

    @abstractmethod
    def close(self) -> None:
        """Closes the connections."""

    def rank(
        self,
        user: Values,
        items: Any,
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
        k: int | None = None,
    ) -> dict[str, Array]:
        """Scores items for one user.

        Args:
            user: Feature of the user or the context -> its value; a list is a list of values.
            items: Feature of the items -> one value an item; or a frame, whose other columns are passed over.
            version: As for `predict`.
            label: As for `predict`.
            timeout: As for `predict`.
            request_id: As for `predict`.
            k: How many items are wanted, the best by the `score` of the model's schema. Defaults to None: all, in their
                own order.

        Returns:
            Output -> one value an item; with `k` the best items come first, and `position` is the place of each among
            `items`.
        """

        def made(wanted: Signature) -> Any:
            inputs = {name: tensor for name, tensor in wanted.inputs.items() if k is None or name != "k"}
            given = items if isinstance(items, Mapping) else columns_of(items, _others(inputs, user))
            asked = {} if k is None else {"k": np.array(operator.index(k), np.int64)}
            return {**ranking_inputs(user, given), **asked}

        signature = "rank" if k is None else "rank_top"
        return self._predict(Which(version, label), signature, made, self._deadline(timeout, request_id))

    def recommend(
        self,
        /,
        histories: Sequence[Sequence[int] | Sequence[str]],
        k: int,
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
        **conditions: Any,
    ) -> dict[str, Array]:
        """Asks a next-item model for the best items after histories.

        Args:
            histories: Raw item ids of each history, oldest first, of any length; an empty one is answered with popular
                items, and unknown items are passed over.
            k: Items wanted for each.
            version: As for `predict`.
            label: As for `predict`.
            timeout: As for `predict`.
            request_id: As for `predict`.
            **conditions: What may be recommended: `allow`, `deny`, `keep_seen`, `where`, `at_most` and `diversity`, as
                `NextItemModel.recommend` takes them.

        Returns:
            `ids` and `scores`, `(histories, k)`, best first; at most as many columns as items in the catalog. Where
            fewer items are left, a row ends with the id `""` or -1 and the score `-inf`. With clusters also `cluster`,
            `(histories,)`, -1 where no item of a history is known. Under conditions also `unknown`, how many ids of the
            two lists the catalog lacks, and `unknown_values`, how many values no item has, `(histories,)`.

        Raises:
            ValueError: There is neither one list of a kind for all histories nor one for each, or the items have no
                such attribute.
        """

        def made(wanted: Signature) -> Any:
            ids = wanted.inputs.get("history")
            kind = int if ids is not None and ids.dtype == np.dtype(np.int64) else str
            inputs = recommendation_inputs(histories, k, lambda: kind)
            if signature == "recommend":
                return inputs
            kinds = attribute_kinds(wanted.inputs)
            asked = _conditions(len(histories), **conditions, kinds=kinds)
            return {**inputs, **condition_inputs(asked, len(histories), lambda: kind, kinds)}

        signature = _RECOMMEND_WITH if _conditions(len(histories), **conditions) else "recommend"
        return self._predict(Which(version, label), signature, made, self._deadline(timeout, request_id))

    @abstractmethod
    def _ask_signatures(self, which: Which, deadline: Deadline) -> Signatures:
        """One attempt to read the metadata."""

    @abstractmethod
    def _ask_status(self, deadline: Deadline) -> dict[int, str]:
        """One attempt to read the status."""

    @abstractmethod
    def _ask(
        self, which: Which, name: str, signature: Signature, arrays: Mapping[str, Array], deadline: Deadline
    ) -> dict[str, Array]:
        """One attempt at a prediction."""

    def _headers(self, deadline: Deadline) -> dict[str, str]:
        own = {} if deadline.request_id is None else {"x-request-id": deadline.request_id}
        if self._token is None:
            return {**self._given, **own}
        token = self._token() if callable(self._token) else self._token
        return {**self._given, **own, "authorization": f"Bearer {token}"}

    def _deadline(self, timeout: float | None, request_id: str | None = None) -> Deadline:
        if request_id is not None and not _REQUEST_ID.fullmatch(request_id):
            # The server would give it another one, and nothing could be joined to it.
            raise ValueError(f"`request_id` is 1 to 64 letters, digits, `_.:-`. Received: {request_id!r:.80}")
        return Deadline(self.timeout if timeout is None else timeout, request_id)

    def _predict(
        self, which: Which, name: str, make: Callable[[Signature], Any], deadline: Deadline
    ) -> dict[str, Array]:
        known = self._known.get(which)
        if known is None:
            return self._predict_by(self._learn(which, deadline), which, name, make, deadline)
        try:
            return self._predict_by(known, which, name, make, deadline)
        except (CallError, TypeError, ValueError, KeyError) as error:
            if isinstance(error, CallError) and error.code not in _OUTDATED:
                raise
            # Another version may have come up, which takes or gives something else.
            learned = self._learn(which, deadline)
            if learned == known:
                raise
        return self._predict_by(learned, which, name, make, deadline)

    def _learn(self, which: Which, deadline: Deadline) -> Signatures:
        found = deadline.retry(lambda: self._ask_signatures(which, deadline))
        self._known[which] = found
        return found

    def _predict_by(
        self, known: Signatures, which: Which, name: str, make: Callable[[Signature], Any], deadline: Deadline
    ) -> dict[str, Array]:
        if name not in known:
            there = ", ".join(sorted(each for each in known if not each.startswith("__")))
            raise CallError("INVALID_ARGUMENT", f"there is no signature `{name}`; there are {there}")
        signature = known[name]
        given = make(signature)
        if name == _RECOMMEND_WITH:
            given = with_no_conditions(given, signature.inputs)
        arrays = to_arrays(columns_of(given, signature.inputs), signature.inputs)
        if name == _DEFAULT:
            check_rows(arrays, signature.inputs)
        return deadline.retry(lambda: self._ask(which, name, signature, arrays, deadline))

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the connections."""
        self.close()


def _others(inputs: Mapping[str, Any], user: Values) -> dict[str, Any]:
    return {name: tensor for name, tensor in inputs.items() if name not in user}


def _conditions(rows: int, **given: Any) -> Conditions:
    try:
        return Conditions.of(rows, **given)
    except UsageError as error:
        raise ValueError(str(error)) from None
