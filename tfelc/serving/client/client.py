"""What the clients of both protocols share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy.typing as npt

from tfelc.serving.client.inputs import Values, ranking_inputs, recommendation_inputs

Array = npt.NDArray[Any]


class Client(ABC):
    """Calls a served model; usable in a `with` statement, and by several threads at a time."""

    @abstractmethod
    def predict(
        self,
        inputs: Values,
        signature: str = "serving_default",
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Calls a signature.

        Args:
            inputs: Input -> one value a row.
            signature: The signature's name.
            version: The version asked. Defaults to the server's choice, the highest.
            label: The label asked, instead of a version.
            timeout: Seconds for this call. Defaults to the client's.

        Returns:
            Output -> array.

        Raises:
            CallError: The server refused the call, or did not answer in time.
        """

    @abstractmethod
    def status(self, timeout: float | None = None) -> dict[int, str]:
        """The model's versions and their states, as in `{3: "AVAILABLE"}`."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connections."""

    def rank(
        self,
        user: Values,
        items: Values,
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Scores items for one user.

        Args:
            user: Feature of the user or the context -> its value; a list is a list of values.
            items: Feature of the items -> one value an item.
            version: As for `predict`.
            label: As for `predict`.
            timeout: As for `predict`.

        Returns:
            Output -> one value an item.
        """
        return self.predict(ranking_inputs(user, items), "rank", version, label, timeout)

    def recommend(
        self,
        histories: Sequence[Sequence[int] | Sequence[str]],
        k: int,
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Asks a next-item model for the best items after histories.

        Args:
            histories: Raw item ids of each history, oldest first, of any length; an empty one is answered with popular
                items, and unknown items are passed over.
            k: Items wanted for each.
            version: As for `predict`.
            label: As for `predict`.
            timeout: As for `predict`.

        Returns:
            `ids` and `scores`, `(histories, k)`, best first; at most as many columns as items in the catalog. Where
            fewer items are left, a row ends with the id `""` or -1 and the score `-inf`. With clusters also `cluster`,
            `(histories,)`, -1 where no item of a history is known.
        """
        inputs = recommendation_inputs(histories, k, lambda: self._id_type(version, label, timeout))
        return self.predict(inputs, "recommend", version, label, timeout)

    @abstractmethod
    def _id_type(self, version: int | None, label: str | None, timeout: float | None) -> type:
        """The type of a next-item model's ids, `int` or `str`."""

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the connections."""
        self.close()
