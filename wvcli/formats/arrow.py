"""Apache Arrow's file format, which is also Feather version 2: a table of words, counts and vectors.

The layout is "IPC File Format" of https://arrow.apache.org/docs/format/Columnar.html; see
wvcli/formats/_arrow.py for the columns. pandas and Polars read it. It is written in batches and without
compression, so that programs can memory-map it; compressed files are read too. Arrow's stream format, which has
no magic number, is not read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wvcli.errors import InputError
from wvcli.formats import _arrow
from wvcli.formats._format import Format, Writing
from wvcli.formats._reading import open_input
from wvcli.system.arrow import EXTRA, import_arrow, input_errors
from wvcli.vectors.word_vectors import Vectors


def _batches(path: Path, fields: list[int], arrow: Any) -> Iterator[Any]:
    """Yield the batches of a file with some of its columns, each mapped anew so that none stays in memory."""
    options = arrow.ipc.IpcReadOptions(included_fields=sorted(fields))
    index = 0
    while True:
        with arrow.memory_map(str(path)) as source:
            file = arrow.ipc.open_file(source, options=options)
            if index == file.num_record_batches:
                return
            yield file.get_batch(index)
        index += 1


def _read(path: Path, limit: int | None) -> Vectors:
    arrow = import_arrow("reading Arrow")
    with open_input(path), input_errors(path, arrow):
        with arrow.memory_map(str(path)) as source:
            schema = arrow.ipc.open_file(source).schema
        columns = _arrow.find_columns(path, schema, arrow)
        fields = [schema.names.index(name) for name in columns.names]
        rows = sum(map(len, _batches(path, fields[:1], arrow)))
        head = next(filter(len, _batches(path, fields, arrow)), None)
        if head is None:
            raise InputError(f"{path} has no words")
        dim = _arrow.dimensions(head.column(columns.vector), path)
        reader = _arrow.TableReader(path, columns, rows, dim, limit)
        step = _arrow.batch_rows(dim)
        for batch in _batches(path, fields, arrow):
            for start in range(0, len(batch), step):
                if reader.add(batch.slice(start, step)):
                    return reader.vectors()
        return reader.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    arrow = import_arrow("writing Arrow")
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
    extra=EXTRA,
)
