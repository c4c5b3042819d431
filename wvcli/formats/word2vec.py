"""word2vec's binary layout: a line `words dimensions`, then for each word its UTF-8 bytes, a blank and its vector.

A vector is `dimensions` float32, little-endian. word2vec's own program writes a line end after each vector and
Gensim does not: both are read, and none is written, which both of them read. A word that occurs again is dropped.
Counts are not in the file and stay unknown. A fastText `.bin` is another thing altogether and is refused.
"""

from codecs import getincrementaldecoder
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wvcli.errors import InputError
from wvcli.formats import Format, Writing
from wvcli.formats._layout import Header, WritableWords, find_header, read_header
from wvcli.formats._reading import RowCollector, bytes_left, open_input
from wvcli.formats._text import sniff_header
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 20  # bytes read or written at a time
_LONGEST_WORD = 1 << 20  # bytes; without a blank within so many the file is not what it seems
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))


def _records(data: bytes, most: int, dim: int) -> tuple[list[bytes], list[bytes], int]:
    """The whole records at the start of `data`.

    Returns:
        words: up to `most`.
        numbers: the 4 * dim bytes of each one's vector.
        used: bytes of `data` that they take up.
    """
    words: list[bytes] = []
    numbers: list[bytes] = []
    place = 0
    while len(words) < most:
        start = place + (data[place : place + 1] == b"\n")
        blank = data.find(b" ", start, start + _LONGEST_WORD)
        stop = blank + 1 + 4 * dim
        if blank < 0 or stop > len(data):
            break
        words.append(data[start:blank])
        numbers.append(data[blank + 1 : stop])
        place = stop
    return words, numbers, place


def _decoded(words: list[bytes], path: Path, before: int) -> list[str]:
    decoded = []
    for place, word in enumerate(words, before + 1):
        try:
            decoded.append(word.decode())
        except UnicodeDecodeError as error:
            problem = "the word is not UTF-8; expected a word, then a blank"
            raise InputError(f"{path}, word {place}: {problem}") from error
    return decoded


def _stuck(path: Path, number: int, header: Header, rest: bytes) -> InputError:
    """The error for a file in which no whole record follows."""
    expected = f"expected a word, a blank and {4 * header.dim} bytes of numbers"
    if len(rest) >= _LONGEST_WORD and b" " not in rest[:_LONGEST_WORD]:
        return InputError(f"{path}, word {number}: no blank follows; {expected}")
    return InputError(f"{path}, word {number} of {header.words}: the file ends here; {expected}")


def _read_records(file: BinaryIO, path: Path, header: Header, rows: RowCollector) -> None:
    rest, done = b"", 0
    while done < header.words:
        more = file.read(max(_BLOCK, 4 * header.dim))
        data = rest + more
        words, numbers, used = _records(data, header.words - done, header.dim)
        rest = data[used:]
        if not words and (not more or len(rest) > _LONGEST_WORD + 1 + 4 * header.dim):
            raise _stuck(path, done + 1, header, rest)
        vectors = np.frombuffer(b"".join(numbers), dtype="<f4").reshape(len(words), header.dim)
        rows.add(_decoded(words, path, done), vectors)
        done += len(words)
        if rows.full:
            return
    surplus = len(rest.removeprefix(b"\n")) + bytes_left(file)
    if surplus:
        raise InputError(f"{path}: expected the end of the file after word {done}, found {surplus} bytes more")


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        header = read_header(file, path)
        most = bytes_left(file) // (4 * header.dim + 1)
        if not most:
            raise _stuck(path, 1, header, b"")
        rows = RowCollector(path, min(header.words, most), header.dim, limit)
        _read_records(file, path, header, rows)
        return rows.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    words = WritableWords(vectors.vocabulary)
    step = max(1, _BLOCK // (4 * vectors.dim))
    with path.open("wb") as file:
        file.write(b"%d %d\n" % vectors.matrix.shape)
        for start in range(0, len(vectors), step):
            stop = min(start + step, len(vectors))
            numbers = np.ascontiguousarray(vectors.matrix[start:stop], dtype="<f4").view(np.uint8)
            pieces = zip(words.between(start, stop), numbers, strict=True)
            file.write(b"".join([part for word, row in pieces for part in (word, b" ", row.data)]))
    return words.notes()


def _is_text(body: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; a character cut at the end is forgiven."""
    try:
        getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return False
    return len(body.translate(None, _CONTROLS)) == len(body)


def _sniff(head: bytes) -> bool:
    header = find_header(head)
    if header is None or sniff_header(head) is not None:
        return False
    body = head[header.length :]
    words, _, used = _records(body, header.words, header.dim)
    # A few small numbers may look like text by chance, but then the records fill the file exactly.
    whole = len(words) == header.words and body[used:] in (b"", b"\n")
    return whole or not _is_text(body)


FORMAT = Format(
    name="word2vec",
    suffixes=(".bin",),
    keeps="words and vectors",
    sniff=_sniff,
    read=_read,
    write=_write,
)
