"""`wvcli align`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.reports import alignment as report
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import resolve_format, write_object


def align(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="Model of one language, or vectors in another format.", show_default=False
        ),
    ],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Model of the other language.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File of the alignment to write.",
            show_default="SOURCE-TARGET.alignment.safetensors in this folder",
        ),
    ] = None,
    dictionary: Annotated[
        list[str] | None,
        typer.Option(
            "--dictionary",
            metavar="FILE",
            help="Lines of a word, a tab or spaces, and its translation; may be repeated; `-` is stdin.",
            show_default=False,
        ),
    ] = None,
    identical: Annotated[
        bool | None,
        typer.Option(
            "--identical/--no-identical",
            help="Take words spelt alike for pairs.",
            show_default="identical, but not with --parallel and --unsupervised",
        ),
    ] = None,
    parallel: Annotated[
        list[str] | None,
        typer.Option(
            "--parallel",
            metavar="FILE",
            help="Lines of a text, a tab and its translation; or give a file of each language.",
            show_default=False,
        ),
    ] = None,
    unsupervised: Annotated[bool, typer.Option("--unsupervised", help="Use no pairs of words at all.")] = False,
    method: Annotated[
        shared.AlignmentMethod,
        typer.Option("--method", help="Maps to learn; procrustes leaves TARGET as it is."),
    ] = "multistep",
    refine: Annotated[
        int | None,
        typer.Option(
            "--refine",
            min=0,
            metavar="N",
            help="Learn again N times, with the pairs that were found.",
            show_default="3, or 6 without dictionary and parallel text",
        ),
    ] = None,
    restrict_top: Annotated[
        int,
        typer.Option(
            "--restrict-top", min=5, metavar="N", help="Look for pairs among the N most frequent words of each."
        ),
    ] = 20_000,
    held_out: Annotated[
        float,
        typer.Option(
            "--held-out", metavar="X", help="Share of the words with translations to leave out first, and score."
        ),
    ] = 0.1,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under",
            metavar="X",
            help="Exit with code 1 and write nothing if P@1 of the words held out is below X.",
            show_default=False,
        ),
    ] = None,
    write_source: Annotated[
        Path | None,
        typer.Option(
            "--write-source", metavar="FILE", help="Model file for SOURCE in the common space.", show_default=False
        ),
    ] = None,
    write_target: Annotated[
        Path | None,
        typer.Option(
            "--write-target", metavar="FILE", help="Model file for TARGET in the common space.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of the random numbers.")] = 1,
    overwrite: shared.Force = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """Bring the models of two languages into one space.

    Without a dictionary and parallel text, it begins with words spelt alike, or if they are few, with nothing.
    """
    from wvcli.analysis import aligning
    from wvcli.models import alignment_file, model_file, opening
    from wvcli.system.atomic_files import check_writable

    one, two = (opening.load(path, on_note=stderr.note) for path in (source, target))
    written = [
        (place, model_file.named(path))
        for place, path in enumerate((write_source, write_target))
        if path is not None
    ]
    for _, path in written:
        check_writable(path, overwrite)
    with stderr.progress_shown() as show:
        found = aligning.align(
            one,
            two,
            output or alignment_file.default_name(one, two),
            dictionary=dictionary or (),
            identical=identical,
            parallel=parallel or (),
            unsupervised=unsupervised,
            method=method,
            refine=refine,
            restrict_top=restrict_top,
            held_out=held_out,
            fail_under=fail_under,
            seed=seed,
            overwrite=overwrite,
            on_progress=show,
            on_note=stderr.note,
        )
    assert found.path is not None
    for place, path in written:
        side = (found.source, found.target)[place]
        alignment_file.save_side(side, path, found.path, overwrite)
        stderr.wrote(len(side.vectors), side.matrix.shape[1], str(path))
    write_object(report.facts(found, resolve_format(format) == "table"), format)
    stderr.note(f"translate with wvcli translate WORD -a {found.path}")
