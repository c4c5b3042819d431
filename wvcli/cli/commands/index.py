"""`wvcli index`."""

from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_once, open_vectors
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import write_object


def index(
    file: shared.ModelArgument = None,
    model: shared.Model = None,
    recall: Annotated[
        float,
        typer.Option(
            "--recall",
            metavar="X",
            min=0.5,
            max=0.999,
            help="Share of the ten nearest neighbours that the index should find.",
        ),
    ] = 0.95,
    overwrite: shared.Force = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """Build an index beside a model, for similar --approximate."""
    from wvcli.models import index

    vectors = open_vectors(named_once(file, model))
    path = index.path_beside(vectors)
    with stderr.progress_shown() as show:
        about = index.build(vectors, path, recall=recall, overwrite=overwrite, on_progress=show)
    if about["recall"] < recall:
        stderr.note(f"this index does not reach the recall asked for, {recall}")
    write_object({"path": str(path), "bytes": path.stat().st_size, **about}, format)
