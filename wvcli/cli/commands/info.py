"""`wvcli info`."""

from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import chosen, named_once
from wvcli.cli.reports import model as report
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import line, resolve_format, write_object
from wvcli.errors import UsageError


def info(
    file: shared.ModelArgument = None,
    model: shared.Model = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole file and check every array against its checksum.")
    ] = False,
    command: Annotated[bool, typer.Option("--command", help="Print the command that trained the model.")] = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """Show a model's size, settings, coverage, provenance and checksums."""
    from wvcli.models import model_file, opening

    path = chosen(named_once(file, model))
    opened = opening.open_if_model(path)  # once: what is shown and what is verified are of one file
    vectors = opened.vectors() if opened else opening.load(path, on_note=stderr.note)
    if verify:
        if not opened:
            raise UsageError(f"{path} is not a wvcli model and has no checksums")
        model_file.verify(opened)
        stderr.note(f"all {len(vectors.manifest['checksum'])} arrays match their checksums")
    if command:
        if not opened:
            raise UsageError(f"{path} is not a wvcli model and does not record how it was made")
        line(report.training_command(opened))
        return
    write_object(report.facts(path, vectors, opened, resolve_format(format) == "table"), format)
