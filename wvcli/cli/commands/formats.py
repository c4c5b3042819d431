"""`wvcli formats`."""

from wvcli.cli.options import shared
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

_COLUMNS = (
    *map(Column, ("format", "suffixes", "reads", "writes", "keeps")),
    Column("dtypes", gives_way=2),
    Column("special", gives_way=3),
    Column("extra", gives_way=1),
)


def formats(format: shared.Format = "auto", header: shared.Header = None, quiet: shared.Quiet = False) -> None:
    """List the formats of other systems that can be read and written."""
    from wvcli.formats import registry

    with writer(_COLUMNS, format, header) as out:
        out.write(
            (
                member.name,
                " ".join(member.suffixes),
                member.read is not None,
                member.write is not None,
                member.kept_text,
                " ".join(member.dtypes),
                member.special,
                member.extra,
            )
            for member in registry
        )
