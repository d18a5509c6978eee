"""A fault in the settings of a part, on its way through the group that holds it."""

from pydantic import BaseModel, ValidationError

# The type of pydantic's error where there is no part of a name.
NO_SUCH_PART = "no_such_part"


class PartError(ValueError):
    """Carries the fault of a part's own settings.

    Args:
        fault: ValidationError. What is wrong, with its place within the part.
        part: Type. The settings of the part.
    """

    def __init__(self, fault: ValidationError, part: type[BaseModel]) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.part = part
