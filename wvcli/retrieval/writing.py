"""Texts with their vectors in files, written batch by batch, so that memory stays small.

.npy            float32 [texts, dim] alone; row i is text i
.npz            the arrays `vectors`, float32 [texts, dim], and `texts`, or where texts are long `texts_utf8`,
                uint8, and `texts_offsets`, int64 [texts + 1]
.safetensors    the tensors `vectors`, `texts_utf8` and `texts_offsets`
.parquet        the columns `text` and `vector`
.sqlite         a table `texts` with `id`, `text` and `vector`, a BLOB of float32 as sqlite-vec expects it
.jsonl          an object a line, `{"text": TEXT, "vector": [NUMBER, ...]}`
.tsv, .csv      the text and then its numbers; CSV with a heading
"""

import csv
import io
import json
import sqlite3
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from wvcli.errors import UsageError
from wvcli.system import tensor_files
from wvcli.system.arrow import import_arrow
from wvcli.system.atomic_files import atomic_write
from wvcli.system.paging import blocks
from wvcli.vectors.decimals import format_rows
from wvcli.vectors.geometry import FloatArray

_NUMBERS_AT_ONCE = 1 << 14  # whose texts are made together, so that they stay in the processor's cache
_NPY_HEADER = 128  # bytes, with room for any number of rows
_WIDEST = 8  # times the bytes of all texts that an array of a fixed width may take up

Lines = Callable[[Sequence[str], FloatArray], bytes]


def _number_rows(vectors: FloatArray, separator: bytes) -> Iterator[bytes]:
    """Yield the numbers of each row as text."""
    step = max(1, _NUMBERS_AT_ONCE // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        for row in format_rows(vectors[start : start + step]):
            yield row.replace(b" ", separator)


def tsv_lines(texts: Sequence[str], vectors: FloatArray) -> bytes:
    """Return texts and their vectors as lines of TSV; tabs and line ends in a text are written as escapes."""
    cells = (text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for text in texts)
    rows = zip(cells, _number_rows(vectors, b"\t"), strict=True)
    return b"".join(b"%b\t%b\n" % (_utf8(cell), row) for cell, row in rows)


def csv_lines(texts: Sequence[str], vectors: FloatArray) -> bytes:
    """Return texts and their vectors as records of CSV."""
    cells = []
    for text in texts:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([text, ""])
        cells.append(_utf8(line.getvalue()))
    return b"".join(b"%b%b\n" % pair for pair in zip(cells, _number_rows(vectors, b","), strict=True))


def json_lines(texts: Sequence[str], vectors: FloatArray) -> bytes:
    """Return texts and their vectors as lines of JSON."""
    cells = (_utf8(json.dumps(text, ensure_ascii=False)) for text in texts)
    rows = zip(cells, _number_rows(vectors, b", "), strict=True)
    return b"".join(b'{"text": %b, "vector": [%b]}\n' % pair for pair in rows)


def plain_lines(texts: Sequence[str], vectors: FloatArray) -> bytes:
    """Return the vectors of texts alone, a line of numbers each, as the fastText program prints them."""
    return b"".join(row + b"\n" for row in _number_rows(vectors, b" "))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class EmbeddingFile(ABC):
    """A file of texts and vectors that is being written.

    Args:
        path: the file to make.
        dim: of the vectors.
    """

    def __init__(self, path: Path, dim: int) -> None:
        self._path, self._dim = path, dim
        self.texts = 0

    def add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Write texts with their vectors, float32 [texts, dim]."""
        self._add(texts, np.ascontiguousarray(vectors, dtype="<f4"))
        self.texts += len(texts)

    @abstractmethod
    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Write texts with their vectors; `texts` counts those before."""

    @abstractmethod
    def close(self) -> None:
        """Write what ends the file, and close it."""


class _LinesFile(EmbeddingFile):
    lines: Lines

    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._file = path.open("wb")

    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        self._file.write(type(self).lines(texts, vectors))

    def close(self) -> None:
        self._file.close()


class _Tsv(_LinesFile):
    lines = staticmethod(tsv_lines)


class _JsonLines(_LinesFile):
    lines = staticmethod(json_lines)


class _Csv(_LinesFile):
    lines = staticmethod(csv_lines)

    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._file.write(csv_heading(dim))


def csv_heading(dim: int) -> bytes:
    """Return the heading of CSV: `text`, and the numbers of the dimensions."""
    return ",".join(["text", *map(str, range(1, dim + 1))]).encode() + b"\n"


class _Npy(EmbeddingFile):
    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._file = path.open("wb")
        self._file.write(b"\0" * _NPY_HEADER)

    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        self._file.write(vectors.reshape(-1).view(np.uint8).data)

    def close(self) -> None:
        self._file.seek(0)
        self._file.write(_npy_header("<f4", (self.texts, self._dim)))
        self._file.close()


def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Return the beginning of an `.npy` file, version 1.0, always of one length."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + (_NPY_HEADER - 10).to_bytes(2, "little") + text.ljust(_NPY_HEADER - 11) + b"\n"


class _Spooled(EmbeddingFile):
    """A file whose layout needs the number of texts first: they wait in temporary files beside it."""

    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._numbers, self._text = (tempfile.TemporaryFile(dir=path.parent) for _ in range(2))  # noqa: SIM115
        self._lengths: list[int] = []
        self._longest = 0

    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        self._numbers.write(vectors.reshape(-1).view(np.uint8).data)
        coded = [_utf8(text) for text in texts]
        self._text.write(b"".join(coded))
        self._lengths += map(len, coded)
        self._longest = max([self._longest, *map(len, texts)])

    def _arrays(self) -> dict[str, Any]:
        """Return what was added: `vectors`, `texts_utf8` and `texts_offsets`."""
        offsets = np.concatenate([[0], np.cumsum(self._lengths, dtype=np.int64)])
        vectors = _mapped(self._numbers, "<f4").reshape(-1, self._dim)
        return {"vectors": vectors, "texts_utf8": _mapped(self._text, "|u1"), "texts_offsets": offsets}

    def close(self) -> None:
        try:
            self._finish(self._arrays())
        finally:
            self._numbers.close()
            self._text.close()

    @abstractmethod
    def _finish(self, arrays: dict[str, Any]) -> None:
        """Write the file."""


def _mapped(file: IO[bytes], dtype: str) -> Any:
    file.flush()
    if not file.tell():
        return np.zeros(0, dtype=dtype)
    return np.asarray(np.memmap(file, dtype=dtype, mode="r"))


class _Npz(_Spooled):
    def _finish(self, arrays: dict[str, Any]) -> None:
        size = len(arrays["texts_utf8"])
        if 4 * self._longest * self.texts <= _WIDEST * size + (1 << 20):
            offsets, text = arrays.pop("texts_offsets"), arrays.pop("texts_utf8").tobytes()
            listed = [
                text[start:stop].decode("utf-8", "replace")
                for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
            ]
            arrays["texts"] = np.array(listed, dtype=f"<U{max(1, self._longest)}")
        with zipfile.ZipFile(self._path, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    member.write(_npy_header(array.dtype.str, array.shape))
                    for _, block in blocks(array):
                        member.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)


class _Safetensors(_Spooled):
    def _finish(self, arrays: dict[str, Any]) -> None:
        tensor_files.write(self._path, arrays, lambda digests: {"format": "np"}, {})


class _Parquet(EmbeddingFile):
    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._arrow = arrow = import_arrow("writing Parquet")
        from pyarrow import parquet

        self._type = arrow.list_(arrow.float32(), dim)
        fields = [arrow.field("text", arrow.string(), nullable=False)]
        self._schema = arrow.schema([*fields, arrow.field("vector", self._type, nullable=False)])
        self._file = parquet.ParquetWriter(path, self._schema, use_dictionary=False, write_page_checksum=True)

    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        arrow = self._arrow
        numbers = arrow.array(vectors.reshape(-1), type=arrow.float32())
        columns = [
            arrow.array([text.encode("utf-8", "replace").decode() for text in texts], arrow.string()),
            arrow.FixedSizeListArray.from_arrays(numbers, type=self._type),
        ]
        self._file.write_batch(arrow.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        self._file.close()


class _Sqlite(EmbeddingFile):
    def __init__(self, path: Path, dim: int) -> None:
        super().__init__(path, dim)
        self._database = sqlite3.connect(path)
        for setting in ("journal_mode", "synchronous"):  # the file gets its name when it is complete
            self._database.execute(f"PRAGMA {setting} = OFF")
        self._database.execute(
            "CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL, vector BLOB NOT NULL)"
        )

    def _add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        rows = (
            (self.texts + place, text.encode("utf-8", "replace").decode(), vectors[place].data)
            for place, text in enumerate(texts)
        )
        try:
            self._database.executemany("INSERT INTO texts VALUES (?, ?, ?)", rows)
        except sqlite3.OperationalError as error:  # such as: database or disk is full
            raise OSError(str(error)) from error

    def close(self) -> None:
        try:
            self._database.commit()
        except sqlite3.OperationalError as error:
            raise OSError(str(error)) from error
        finally:
            self._database.close()


_KINDS: dict[str, type[EmbeddingFile]] = {
    ".npy": _Npy,
    ".npz": _Npz,
    ".safetensors": _Safetensors,
    ".parquet": _Parquet,
    ".sqlite": _Sqlite,
    ".db": _Sqlite,
    ".jsonl": _JsonLines,
    ".tsv": _Tsv,
    ".csv": _Csv,
}


def kind_of(path: Path) -> type[EmbeddingFile]:
    """Return how a file is written, by its suffix.

    Raises:
        UsageError: no kind has this suffix.
    """
    if path.suffix.lower() not in _KINDS:
        raise UsageError(
            f"vectors of texts cannot be written as {path.suffix or 'a file without a suffix'}",
            f"name a file that ends in {', '.join(_KINDS)}",
        )
    return _KINDS[path.suffix.lower()]


@contextmanager
def embedding_file(path: Path, dim: int, overwrite: bool = False) -> Iterator[EmbeddingFile]:
    """Open a file for texts and vectors; it is complete after the block, or not there at all.

    Raises:
        UsageError: the file exists and `overwrite` is false, or no kind has its suffix.
        MissingExtraError: the kind needs a package that is not installed.
        WvcliError: the file cannot be written.
    """
    kind = kind_of(path)
    with atomic_write(path, overwrite) as aside:
        file = kind(aside, dim)
        try:
            yield file
        except BaseException:
            with suppress(Exception):  # what is written is not kept
                file.close()
            raise
        file.close()
