"""`wvcli shell`."""

import typer

from wvcli.cli import options
from wvcli.cli.session import Session


def shell(
    model: options.Model = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """All commands at a prompt, with the model opened once.

    Lines come from a script where stdin is no terminal.
    """
    raise typer.Exit(Session(model, format, header).run())
