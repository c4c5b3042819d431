"""`wvcli info`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import chosen, named_once
from wvcli.cli.reports import model as report
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import OutputFormat, line, resolve_format, write_object
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.models.model_file import ModelFile


def info(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Model file, vectors in another format, or the X.checkpoint of an unfinished run.",
            show_default="the newest model in this folder",
        ),
    ] = None,
    model: shared.Model = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole file and check every array against its checksum.")
    ] = False,
    command: Annotated[bool, typer.Option("--command", help="Print the command that trained the model.")] = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """Show what is known of a model, or of an unfinished run."""
    from wvcli.models import model_file, opening

    path = chosen(named_once(file, model))
    if model_file.is_checkpoint(path):
        if verify:
            raise UsageError(f"{path} is an unfinished run", "it is checked when it is resumed")
        _show_unfinished(path, command, format)
        return
    try:
        opened = opening.open_if_model(path)  # once: what is shown and what is verified are of one file
    except model_file.OtherKindError as other:
        _show_other(other.file, verify, command, format)
        return
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


def _show_other(file: "ModelFile", verify: bool, command: bool, format: OutputFormat) -> None:
    """Show what is known of a file of wvcli's that is no model of word vectors."""
    from wvcli.models import model_file

    if command:
        raise UsageError(f"{file.path} is a {file.manifest[model_file.KIND]}, which no training command makes")
    if verify:
        model_file.verify(file)
        stderr.note(f"all {len(file.manifest['checksum'])} arrays match their checksums")
    write_object({"path": str(file.path), **report.facts_of_other(file)}, format)


def _show_unfinished(folder: Path, command: bool, format: OutputFormat) -> None:
    """Show what the checkpoint of an unfinished run knows, or only the command that began it."""
    from wvcli.training.unfinished import UnfinishedRun

    facts = report.unfinished_facts(UnfinishedRun.of(folder), resolve_format(format) == "table")
    if not command:
        write_object(facts, format)
    elif facts["command"] is None:
        raise UsageError(
            f"{folder} was begun by a Python program, with texts or stop words that were in no file",
            f"continue it with {facts['resume']}",
        )
    else:
        line(facts["command"])
