"""Apache Arrow's file format, which is also Feather version 2: a table of words, counts and vectors.

See wvcli/formats/_arrow.py for the columns. It is written in batches and without compression, so that programs can
map it into memory as it is; compressed files are read too. Arrow's stream format, whose beginning tells nothing of
it, is not.
"""

from pathlib import Path
from typing import Any

from wvcli.errors import InputError
from wvcli.formats import Format, Writing, _arrow
from wvcli.formats._layout import opened
from wvcli.vectors import Vectors


def _read(path: Path, limit: int | None) -> Vectors:
    arrow = _arrow.import_arrow("reading Arrow")

    with opened(path), _arrow.reading(path, arrow), arrow.memory_map(str(path)) as source:
        file = arrow.ipc.open_file(source)
        columns = _arrow.find_columns(path, file.schema, arrow)
        names = file.schema.names
        chosen = sorted(names.index(name) for name in columns.names)
        file = arrow.ipc.open_file(source, options=arrow.ipc.IpcReadOptions(included_fields=chosen))
        most = _count(source, names.index(columns.word), arrow)
        head = next((batch for batch in map(file.get_batch, range(file.num_record_batches)) if len(batch)), None)
        if head is None:
            raise InputError(f"{path} holds no words")
        dim = _arrow.dimensions(head.column(columns.vector), path)
        taken = _arrow.Table(path, columns, most, dim, limit)
        step = _arrow.batch_rows(dim)
        for batch in map(file.get_batch, range(file.num_record_batches)):
            for start in range(0, len(batch), step):
                if taken.add(batch.slice(start, step)):
                    return taken.vectors()
        return taken.vectors()


def _count(source: Any, column: int, arrow: Any) -> int:
    """The rows of a file."""
    file = arrow.ipc.open_file(source, options=arrow.ipc.IpcReadOptions(included_fields=[column]))
    return sum(len(file.get_batch(place)) for place in range(file.num_record_batches))


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    arrow = _arrow.import_arrow("writing Arrow")
    schema = _arrow.schema_of(vectors, writing.dtype, arrow)
    with arrow.OSFile(str(path), "wb") as sink, arrow.ipc.new_file(sink, schema) as file:
        for batch in _arrow.batches(vectors, schema, arrow):
            file.write_batch(batch)
    return []


FORMAT = Format(
    name="arrow",
    suffixes=(".arrow", ".feather"),
    keeps=_arrow.KEEPS,
    sniff=lambda head: head.startswith(b"ARROW1\0\0"),
    read=_read,
    write=_write,
    dtypes=_arrow.DTYPES,
    extra=_arrow.EXTRA,
)
