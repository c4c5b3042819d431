"""Apache Arrow's file format, which is also Feather version 2: a table of words, counts and vectors.

The layout is "IPC File Format" of https://arrow.apache.org/docs/format/Columnar.html; see
wvcli/formats/_arrow.py for the columns. pandas and Polars read it. It is written in batches and without
compression, so that programs can memory-map it; compressed files are read too. So is "IPC Streaming Format", the
same batches without an index at the end, as the datasets of Hugging Face are stored and services send them.
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

_MESSAGE = b"\xff" * 4  # before each message of a stream
_SNIFFED = 12  # bytes


def _is_stream(head: bytes) -> bool:
    """Whether a file that begins with these bytes is in the streaming format.

    It begins with the mark of a message, the length of its metadata, padded to eight bytes, and where in these
    their root is.
    """
    length, root = int.from_bytes(head[4:8], "little", signed=True), int.from_bytes(head[8:12], "little")
    return head.startswith(_MESSAGE) and length > 0 and length % 8 == 0 and 4 <= root < length


def _open(path: Path, source: Any, arrow: Any, options: Any = None) -> Any:
    """Return a reader of a file in either format."""
    with open_input(path) as file:
        is_stream = _is_stream(file.read(_SNIFFED))
    return (
        arrow.ipc.open_stream(source, options=options)
        if is_stream
        else arrow.ipc.open_file(source, options=options)
    )


def _batches(path: Path, fields: list[int], arrow: Any) -> Iterator[Any]:
    """Yield the batches of a file with some of its columns, so that none stays in memory.

    Those of the file format are mapped, each anew; those of a stream follow one another and are read.
    """
    options = arrow.ipc.IpcReadOptions(included_fields=sorted(fields))
    with arrow.OSFile(str(path)) as source:
        file = _open(path, source, arrow, options)
        if isinstance(file, arrow.RecordBatchStreamReader):
            yield from file
            return
        count = file.num_record_batches
    for index in range(count):
        with arrow.memory_map(str(path)) as source:
            yield arrow.ipc.open_file(source, options=options).get_batch(index)


def _read(path: Path, limit: int | None) -> Vectors:
    arrow = import_arrow("reading Arrow")
    with input_errors(path, arrow):
        with arrow.OSFile(str(path)) as source:
            schema = _open(path, source, arrow).schema
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
    sniff=lambda head: head.startswith(b"ARROW1\0\0") or _is_stream(head),
    read=_read,
    write=_write,
    dtypes=_arrow.DTYPES,
    extra=EXTRA,
)
