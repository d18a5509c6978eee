"""What a prepared dataset says of the labels that come late."""

from __future__ import annotations

from tfelc.core.errors import DataError
from tfelc.data.delays.matured_labels import DELAYS
from tfelc.data.manifest import Manifest
from tfelc.schema.delay import Delay
from tfelc.schema.schema import Schema


def refuse_other_delays(manifest: Manifest, schema: Schema, where: str, own: bool = False) -> None:
    """Refuses a schema whose windows are not those that the labels were prepared with: they would mean other things.

    Args:
        manifest: The manifest of the dataset.
        schema: The schema.
        where: What to call the dataset and the schema, for the message.
        own: Whether it is the dataset's own schema, which also says what training does with young rows. Defaults to
            False.

    Raises:
        DataError: They differ.
    """
    prepared = {label: Delay.model_validate(said["delay"]) for label, said in manifest.metadata.get(DELAYS, {}).items()}
    for label in schema.outcomes:
        now, before = schema.delays.get(label), prepared.get(label)
        if now == before or (now and before and not own and now.means_the_same(before)):
            continue
        raise DataError(
            f"{where}: label `{label}` {_said(now)} there, and was prepared {_said(before)}; prepare the dataset again"
        )


def _said(delay: Delay | None) -> str:
    if delay is None:
        return "without a `delay`"
    return f"with `delay: {{event_time: {delay.event_time}, window: {delay.window}, immature: {delay.immature}}}`"
