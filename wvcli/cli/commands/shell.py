"""`wvcli shell`."""

import typer

from wvcli.cli.options import shared
from wvcli.cli.prompt.session import Session


def shell(
    ctx: typer.Context,
    model: shared.Model = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """All commands at a prompt, with the model opened once.

    Lines come from a script where stdin is no terminal.
    """
    raise typer.Exit(Session(ctx.obj, model, format, header).run())
