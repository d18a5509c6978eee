"""A fault in the settings of a part, on its way through the group that holds it."""

from pydantic import ValidationError


class PartError(ValueError):
    """Carries the fault of a part's own settings.

    Args:
        fault: ValidationError. What is wrong, with its place within the part.
    """

    def __init__(self, fault: ValidationError) -> None:
        super().__init__(str(fault))
        self.fault = fault
