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
    """All commands at a prompt, or from a script on stdin, with the model opened once."""
    raise typer.Exit(Session(model, format, header).run())
