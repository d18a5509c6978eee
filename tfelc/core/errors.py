"""The errors that tfelc raises for a user to read.

Each message is one line that names the thing and the fix. A command prints it without a traceback and ends with the
class's `exit_code`: 2 for a call that can never work as given, 1 for a failure while doing what was asked.
"""

from collections.abc import Sequence


class TfelcError(Exception):
    """Something failed for a reason the user can mend; the message says how.

    Args:
        message: str. Names of arguments stand in backticks.
        arguments: Sequence of str. Those names: a command shows its flags in their place. Defaults to none.

    Example:
        >>> raise UsageError("`rows` must be at least 100. Received: 5", ["rows"])  # doctest: +SKIP
        error: --rows must be at least 100. Received: 5
    """

    exit_code = 1

    def __init__(self, message: str = "", arguments: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.arguments = tuple(arguments)


class UsageError(TfelcError):
    """The call itself is off: an unknown option value, task, key or path."""

    exit_code = 2


class SchemaError(UsageError):
    """A schema that contradicts itself, or does not fit the log it describes."""


class ConfigError(UsageError):
    """A setting that is unknown, of the wrong type, or out of range."""


class DataError(TfelcError):
    """A log or a table that cannot be used: a missing column, a wrong type, a bad label, a broken file."""


class RunError(TfelcError):
    """A run folder that is missing, damaged, taken, or was not written by tfelc."""


class ExportError(TfelcError):
    """An export that could not be written, or did not answer as the trained model does."""


class ScoringError(TfelcError):
    """Scores that could not be written, or a folder that holds other ones."""


class BadRowsError(TfelcError):
    """More rows could not be scored than the call allows."""

    exit_code = 3


class MovedError(TfelcError):
    """What is served has moved further from what a model was made on than the call allows."""

    exit_code = 3


class TooFewRowsError(TfelcError):
    """There are too few rows to say anything."""

    exit_code = 4
