"""Apache Arrow's file format, which is also Feather version 2: a table of words, counts and vectors.

The layout is "IPC File Format" of https://arrow.apache.org/docs/format/Columnar.html; see
wvcli/formats/_arrow.py for the columns. pandas and Polars read it. It is written in batches and without
compression, so that programs can memory-map it; compressed files are read too. So is "IPC Streaming Format", the
same batches without an index at the end, as the datasets of Hugging Face are stored and services send them.
"""

from pathlib import Path

from wvcli.formats import _arrow
from wvcli.formats._format import Format, Reading, Writing
from wvcli.system.arrow import EXTRA, import_arrow
from wvcli.vectors.word_vectors import Vectors

_USUAL = Reading()


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    return _arrow.read_files(path, [path], limit, reading)


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
    sniff=lambda head: head.startswith(b"ARROW1\0\0") or _arrow.is_stream(head),
    read=_read,
    read_with=_read,
    choices=_arrow.CHOICES,
    write=_write,
    dtypes=_arrow.DTYPES,
    extra=EXTRA,
)
