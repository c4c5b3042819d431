"""`wvcli classify check`."""

from typing import Annotated

import typer

from wvcli.cli.options import classification as options
from wvcli.cli.options import shared
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

_NAMES = ("line", "text", "given", "suggested", "p_given", "p_suggested", "kind")


def check(
    sources: options.LabelledSources,
    n: Annotated[
        int | None, typer.Option("-n", min=1, metavar="N", help="Show only the first N.", show_default="all")
    ] = None,
    workers: options.Workers = None,
    label_column: options.LabelColumn = None,
    column: options.Column = None,
    label_field: options.LabelField = None,
    field: options.Field = None,
    label_separator: options.LabelSeparator = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    tokenizer: options.Tokenizer = None,
    lowercase: options.Lowercase = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """List texts whose label is probably wrong, repeats with another label, other repeats, and empty texts."""
    where = options.where(locals())
    from wvcli.classification.check import check as find_suspects

    with stderr.progress_shown() as show:
        suspects = find_suspects(
            sources,
            tokenizer=tokenizer or "auto",
            lowercase=lowercase is not False,
            workers=workers,
            on_progress=show,
            on_note=stderr.note,
            **where,
        )
    with writer([Column(name) for name in _NAMES], format, header) as out:
        out.write(tuple(getattr(each, name) for name in _NAMES) for each in suspects[:n])
    if not suspects:
        stderr.note("nothing looks wrong")
