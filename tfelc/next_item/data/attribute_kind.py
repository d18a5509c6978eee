"""What an attribute of items may be."""

from typing import Literal

AttributeKind = Literal["category", "flag", "number", "vector"]
