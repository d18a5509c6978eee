"""Goes back to the version that was served before: `tfelc rollback --to BASE`."""

import typer

from tfelc.commands.publish import BaseOption, ConfigOption, LabelOption, NameOption, served_label

app = typer.Typer(add_completion=False)


@app.command()
def rollback(
    to: BaseOption, models_config: ConfigOption = None, name: NameOption = None, label: LabelOption = "stable"
) -> None:
    """Has the label name the version again that the served one replaced, and says which."""
    from tfelc.lifecycle.publishing.rollback import roll_back

    served = served_label(to, models_config, name, label)
    before, now = roll_back(served)
    typer.echo(f"`{label}` names version {now} again, and no longer {before}, in {served.path}")
