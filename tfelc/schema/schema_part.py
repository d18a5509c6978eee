"""What the parts of a schema have in common."""

from pydantic import BaseModel, ConfigDict


class SchemaPart(BaseModel):
    """A part of a schema: it cannot be changed, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
