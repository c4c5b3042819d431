"""What Parquet and Arrow files share: the columns `word`, `count` and `vector`, with Arrow's types.

`word` is a string; `count` is an int64, and is left out where counts are unknown; `vector` is a fixed-size list of
float32 or float16. When reading, any type of strings, whole numbers and lists of numbers is accepted, and a single
column of strings or of lists may have any name. A missing number is NaN.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._columns import check_count, column_blocks, known_counts
from wvcli.formats._format import Kept, Reading
from wvcli.formats._reading import RowCollector, open_input
from wvcli.system.arrow import import_arrow, input_errors
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

DTYPES = ("float32", "float16")
KEEPS = frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS})
CHOICES = frozenset({"word_column", "vector_column"})
_USUAL = Reading()
_MESSAGE = b"\xff" * 4  # before each message of a stream
_SNIFFED = 12  # bytes
_BATCH_BYTES = 1 << 22  # of vectors, read at a time


class Columns(NamedTuple):
    """The names of the columns that are read."""

    word: str
    vector: str
    counts: str | None

    @property
    def names(self) -> list[str]:
        """The columns that exist."""
        return [name for name in self if name is not None]


def find_columns(path: Path, schema: Any, arrow: Any, reading: Reading = _USUAL) -> Columns:
    """Find the columns of a file with words and vectors, by the names that the user gives or else by their types.

    Raises:
        InputError: it has none, or more than one.
    """
    is_list, is_text = _type_tests(arrow)
    lists = [field.name for field in schema if is_list(field.type)]
    texts = [field.name for field in schema if is_text(field.type)]
    word, vector = _choose("word", texts, reading.word_column), _choose("vector", lists, reading.vector_column)
    if word is None or vector is None:
        found = ", ".join(f"{field.name} ({field.type})" for field in schema)
        wanted = reading.word_column or "word", reading.vector_column or "vector"
        expected = f"expected a column {wanted[0]} of strings and a column {wanted[1]} of lists of numbers"
        several = {
            "word_column": word is None and len(texts) > 1,
            "vector_column": vector is None and len(lists) > 1,
        }
        choices = " and ".join(f"`{name}`" for name, is_choice in several.items() if is_choice)
        raise InputError(
            f"{path}: {expected}, found {found or 'no columns'}"[:400], f"choose with {choices}" if choices else ""
        )
    counts = [field.name for field in schema if field.name == "count" and arrow.types.is_integer(field.type)]
    names = [field.name for field in schema]
    if any(names.count(name) > 1 for name in (word, vector)):
        raise InputError(f"{path} has two columns of the same name")
    return Columns(word, vector, counts[0] if len(counts) == 1 else None)


def _choose(name: str, matching: list[str], wanted: str | None) -> str | None:
    if (wanted or name) in matching:
        return wanted or name
    return matching[0] if len(matching) == 1 and wanted is None else None


def _type_tests(arrow: Any) -> tuple[Any, Any]:
    """Return two functions: whether a type is one of lists of numbers, and whether it is one of strings."""
    types = arrow.types

    def is_list(tested: Any) -> bool:
        lists = types.is_list(tested) or types.is_large_list(tested) or types.is_fixed_size_list(tested)
        return bool(lists and (types.is_floating(tested.value_type) or types.is_integer(tested.value_type)))

    def is_text(tested: Any) -> bool:
        tested = tested.value_type if types.is_dictionary(tested) else tested
        return bool(types.is_string(tested) or types.is_large_string(tested))

    return is_list, is_text


def dimensions(column: Any, path: Path) -> int:
    """Return the length of the first vector of a column.

    Raises:
        InputError: there is none.
    """
    column.validate(full=True)  # offsets of a damaged file must not be followed
    first = column[0].as_py() if len(column) else None
    if not first:
        raise InputError(f"{path}, row 1: expected a vector")
    return len(first)


def batch_rows(dim: int) -> int:
    """Return how many rows are read at a time."""
    return max(1, _BATCH_BYTES // (4 * dim))


class TableReader:
    """Collects the rows of a table as they are read.

    Args:
        path: the file that they come from.
        columns: the names of its columns.
        promised: the number of rows that it claims to have.
        dim: the number of dimensions.
        limit: keep only the first `limit` words; None for all.
    """

    def __init__(self, path: Path, columns: Columns, promised: int, dim: int, limit: int | None) -> None:
        self._path = path
        self._columns = columns
        self._promised = promised
        self._dim = dim
        self._done = 0
        self._rows = RowCollector(path, promised, dim, limit)

    def add(self, batch: Any) -> bool:
        """Append a batch of rows; return whether as many are kept as the limit allows.

        Raises:
            InputError: a row lacks a word or a complete vector, or there are more rows than promised.
        """
        batch.validate(full=True)
        columns, path, first = self._columns, self._path, self._done + 1
        self._done += len(batch)
        if self._done > self._promised:
            raise InputError(f"{path} is damaged: it has more rows than the {self._promised} that it claims")
        words = batch.column(columns.word).to_pylist()
        if None in words:
            raise InputError(f"{path}, row {first + words.index(None)}: expected a word")
        matrix = self._matrix(batch.column(columns.vector), first)
        counts = batch.column(columns.counts).to_pylist() if columns.counts else [None] * len(words)
        checked = [check_count(count, f"{path}, row {row}") for row, count in enumerate(counts, first)]
        self._rows.add(words, matrix, known_counts(checked))
        return self._rows.is_full

    def _matrix(self, column: Any, first: int) -> FloatArray:
        """Return float32 [rows, dim], the vectors of a column."""
        lengths = column.value_lengths()
        if lengths.null_count or not np.all(lengths.to_numpy() == self._dim):
            for row, length in enumerate(lengths.to_pylist(), first):
                if length != self._dim:
                    found = "none" if length is None else length
                    raise InputError(f"{self._path}, row {row}: expected {self._dim} numbers, found {found}")
        numbers = column.flatten().to_numpy(zero_copy_only=False)
        with np.errstate(over="ignore"):
            return np.asarray(numbers, dtype=np.float32).reshape(len(column), self._dim)

    def vectors(self) -> Vectors:
        """Return all rows.

        Raises:
            InputError: there are fewer than promised.
        """
        if self._done < self._promised and not self._rows.is_full:
            raise InputError(
                f"{self._path} is damaged: it has {self._done} rows of the {self._promised} that it claims"
            )
        return self._rows.vectors()


def is_stream(head: bytes) -> bool:
    """Whether a file that begins with these bytes is in the streaming format.

    It begins with the mark of a message, the length of its metadata, padded to eight bytes, and where in these
    their root is.
    """
    length, root = int.from_bytes(head[4:8], "little", signed=True), int.from_bytes(head[8:12], "little")
    return head.startswith(_MESSAGE) and length > 0 and length % 8 == 0 and 4 <= root < length


def _open(path: Path, source: Any, arrow: Any, options: Any = None) -> Any:
    """Return a reader of a file in either format."""
    with open_input(path) as file:
        has_stream = is_stream(file.read(_SNIFFED))
    return (
        arrow.ipc.open_stream(source, options=options)
        if has_stream
        else arrow.ipc.open_file(source, options=options)
    )


def _file_batches(path: Path, fields: list[int], arrow: Any) -> Iterator[Any]:
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


def read_files(path: Path, files: list[Path], limit: int | None, reading: Reading) -> Vectors:
    """Read files in Arrow's file format or its streaming format, one after the other.

    Args:
        path: what messages call them all.
        files: at least one.
        limit: read only the first `limit` words; None for all.
        reading: the names of the columns.

    Raises:
        InputError: they are damaged, have no words and vectors, or not the same columns.
        MissingExtraError: pyarrow is not installed.
    """
    arrow = import_arrow("reading Arrow")
    with input_errors(path, arrow):
        schemas = []
        for file in files:
            with arrow.OSFile(str(file)) as source:
                schemas.append(_open(file, source, arrow).schema)
        different = next((file for file, schema in zip(files, schemas, strict=True) if schema != schemas[0]), None)
        if different:
            raise InputError(f"{different} has other columns than {files[0]}")
        columns = find_columns(path, schemas[0], arrow, reading)
        fields = [schemas[0].names.index(name) for name in columns.names]

        def batches(wanted: list[int]) -> Iterator[Any]:
            return chain.from_iterable(_file_batches(file, wanted, arrow) for file in files)

        rows = sum(map(len, batches(fields[:1])))
        head = next(filter(len, batches(fields)), None)
        if head is None:
            raise InputError(f"{path} has no words")
        dim = dimensions(head.column(columns.vector), path)
        reader = TableReader(path, columns, rows, dim, limit)
        step = batch_rows(dim)
        for batch in batches(fields):
            for start in range(0, len(batch), step):
                if reader.add(batch.slice(start, step)):
                    return reader.vectors()
        return reader.vectors()


def schema_of(vectors: Vectors, dtype: str, arrow: Any) -> Any:
    """Return the columns that vectors are written in."""
    number = arrow.float16() if dtype == "float16" else arrow.float32()
    fields = [arrow.field("word", arrow.string(), nullable=False)]
    if vectors.counts is not None:
        fields.append(arrow.field("count", arrow.int64(), nullable=False))
    item = arrow.field("item", number, nullable=True)
    fields.append(arrow.field("vector", arrow.list_(item, vectors.dim), nullable=False))
    return arrow.schema(fields)


def batches(vectors: Vectors, schema: Any, arrow: Any) -> Iterator[Any]:
    """Yield the rows of a table of these columns, a block at a time."""
    vector_type = schema.field("vector").type
    dtype = "float16" if vector_type.value_type == arrow.float16() else "float32"
    for words, counts, block in column_blocks(vectors, dtype):
        numbers = arrow.array(block.reshape(-1), type=vector_type.value_type)
        column = arrow.FixedSizeListArray.from_arrays(numbers, type=vector_type)
        known = [] if counts is None else [arrow.array(counts, arrow.int64())]
        yield arrow.record_batch([arrow.array(words, arrow.string()), *known, column], schema=schema)
