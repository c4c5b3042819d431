"""`wvcli shell`."""

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_once


def shell(
    ctx: typer.Context,
    file: shared.ModelArgument = None,
    model: shared.Model = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Run commands at a prompt, with the model opened once.

    If stdin is not a terminal, its lines are run as a script.
    """
    from wvcli.cli.prompt.session import Session

    raise typer.Exit(Session(ctx.obj, header).run(named_once(file, model), format))
