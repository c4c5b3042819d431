"""Apache Parquet: a table of words, counts and vectors, written in row groups so that memory stays small.

See wvcli/formats/_arrow.py for the columns. Pages have checksums, which are written and, where there are any,
checked. pandas, Polars, Spark and DuckDB read such a file. Parquet itself knows only lists, so DuckDB must be told
the length of a vector: `array_cosine_similarity(a.vector::FLOAT[100], b.vector::FLOAT[100])`.
"""

from pathlib import Path

from wvcli.errors import InputError
from wvcli.formats import Format, Writing, _arrow
from wvcli.formats._reading import open_input
from wvcli.vectors.word_vectors import Vectors

_BUFFER = 1 << 20  # bytes of a column read at a time


def _read(path: Path, limit: int | None) -> Vectors:
    arrow = _arrow.import_arrow("reading Parquet")
    from pyarrow import parquet

    with open_input(path) as file, _arrow.reading(path, arrow):
        table = parquet.ParquetFile(file, page_checksum_verification=True, buffer_size=_BUFFER, pre_buffer=False)
        columns = _arrow.find_columns(path, table.schema_arrow, arrow)
        head = next(table.iter_batches(1, columns=[columns.vector], use_threads=False), None)
        if head is None:
            raise InputError(f"{path} holds no words")
        dim = _arrow.dimensions(head.column(0), path)
        taken = _arrow.Table(path, columns, table.metadata.num_rows, dim, limit)
        for batch in table.iter_batches(_arrow.batch_rows(dim), columns=columns.names, use_threads=False):
            if taken.add(batch):
                break
        return taken.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    arrow = _arrow.import_arrow("writing Parquet")
    from pyarrow import parquet

    schema = _arrow.schema_of(vectors, writing.dtype, arrow)
    # Neither words nor numbers occur twice, so that a dictionary of them would only be in the way.
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
    write=_write,
    dtypes=_arrow.DTYPES,
    extra=_arrow.EXTRA,
)
