"""Apache Parquet: a table of words, counts and vectors, written in row groups so that memory stays small.

The layout is described at https://parquet.apache.org/docs/file-format/; see wvcli/formats/_arrow.py for the
columns. Checksums of pages are written, and verified where a file has them. pandas, Polars, Spark and DuckDB
read it. Parquet has lists of any length only, so DuckDB needs a cast:
`array_cosine_similarity(a.vector::FLOAT[100], b.vector::FLOAT[100])`.
"""

from pathlib import Path

from wvcli.errors import InputError
from wvcli.formats import _arrow
from wvcli.formats._format import Format, Reading, Writing
from wvcli.formats._reading import open_input
from wvcli.system.arrow import EXTRA, import_arrow, input_errors
from wvcli.vectors.word_vectors import Vectors

_USUAL = Reading()
_BUFFER = 1 << 20  # bytes of a column read at a time


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    arrow = import_arrow("reading Parquet")
    from pyarrow import parquet

    with open_input(path) as file, input_errors(path, arrow):
        table = parquet.ParquetFile(file, page_checksum_verification=True, buffer_size=_BUFFER, pre_buffer=False)
        columns = _arrow.find_columns(path, table.schema_arrow, arrow, reading)
        head = next(table.iter_batches(1, columns=[columns.vector], use_threads=False), None)
        if head is None:
            raise InputError(f"{path} has no words")
        dim = _arrow.dimensions(head.column(0), path)
        reader = _arrow.TableReader(path, columns, table.metadata.num_rows, dim, limit)
        for batch in table.iter_batches(_arrow.batch_rows(dim), columns=columns.names, use_threads=False):
            if reader.add(batch):
                break
        return reader.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    arrow = import_arrow("writing Parquet")
    from pyarrow import parquet

    schema = _arrow.schema_of(vectors, writing.dtype, arrow)
    # Words and numbers hardly repeat, so that a dictionary of them would only take space.
    with parquet.ParquetWriter(path, schema, use_dictionary=False, write_page_checksum=True) as file:
        for batch in _arrow.batches(vectors, schema, arrow):
            file.write_batch(batch)
    return []


FORMAT = Format(
    name="parquet",
    suffixes=(".parquet", ".pq"),
    keeps=_arrow.KEEPS,
    sniff=lambda head: head.startswith(b"PAR1"),
    read=_read,
    read_with=_read,
    choices=_arrow.CHOICES,
    write=_write,
    dtypes=_arrow.DTYPES,
    extra=EXTRA,
)
