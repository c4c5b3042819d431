"""word2vec's binary layout: a line `words dimensions`, then for each word its UTF-8 bytes, a space and its vector.

A vector is `dimensions` float32, little-endian. word2vec.c with `-binary 1` and Gensim's `save_word2vec_format`
write it, and `load_word2vec_format` reads it. word2vec.c writes a line end after each vector and Gensim does not:
both are read, and none is written, as both accept. A word that occurs again is dropped. Counts are not in the file
and are unknown after reading. A fastText `.bin` has a different layout and is refused.
"""

from codecs import getincrementaldecoder
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._headers import Header, find_header, read_header
from wvcli.formats._reading import RowCollector, bytes_left, open_input
from wvcli.formats._text import sniff_header
from wvcli.formats._writable_words import WritableWords
from wvcli.reporting import report_note
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 20  # bytes read or written at a time
_LONGEST_WORD = 1 << 20  # bytes; a file without a space within that many is damaged
_USUAL = Reading()
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))


def _split_records(data: bytes, most: int, dim: int) -> tuple[list[bytes], list[bytes], int]:
    """Split the complete records at the start of `data`.

    Returns:
        words: at most `most`.
        numbers: the 4 * dim bytes of each vector.
        used: the bytes of `data` that the records take.
    """
    words: list[bytes] = []
    numbers: list[bytes] = []
    end = 0
    while len(words) < most:
        start = end + (data[end : end + 1] == b"\n")
        space = data.find(b" ", start, start + _LONGEST_WORD)
        stop = space + 1 + 4 * dim
        if space < 0 or stop > len(data):
            break
        words.append(data[start:space])
        numbers.append(data[space + 1 : stop])
        end = stop
    return words, numbers, end


def _incomplete(path: Path, number: int, header: Header, rest: bytes) -> InputError:
    """Return the error for a file in which no complete record follows."""
    expected = f"expected a word, a space and {4 * header.dim} bytes of numbers"
    if len(rest) >= _LONGEST_WORD and b" " not in rest[:_LONGEST_WORD]:
        return InputError(f"{path}, word {number}: no space follows; {expected}")
    return InputError(f"{path}, word {number} of {header.words}: the file ends here; {expected}")


def _read_records(file: BinaryIO, path: Path, header: Header, rows: RowCollector, reading: Reading) -> None:
    rest, done, skipped = b"", 0, 0
    while done < header.words:
        more = file.read(max(_BLOCK, 4 * header.dim))
        data = rest + more
        words, numbers, used = _split_records(data, header.words - done, header.dim)
        rest = data[used:]
        if not words and (not more or len(rest) > _LONGEST_WORD + 1 + 4 * header.dim):
            raise _incomplete(path, done + 1, header, rest)
        vectors = np.frombuffer(b"".join(numbers), dtype="<f4").reshape(len(words), header.dim)
        done += len(words)
        if reading.skip_bad:
            kept = [row for row, word in enumerate(words) if reading.decode([word])]
            skipped += len(words) - len(kept)
            words, vectors = [words[row] for row in kept], vectors[kept]
        decoded = reading.decode(words)
        rows.add(decoded, vectors[: len(decoded)])
        if rows.is_full:
            break
        if len(decoded) < len(words):
            number = done - len(words) + len(decoded) + 1
            raise reading.not_in_encoding(f"{path}, word {number}", words[len(decoded)])
    if skipped:
        words_left_out = "1 word was" if skipped == 1 else f"{skipped:,} words were"
        report_note(f"{words_left_out} left out of {path}, not being {reading.encoding.name.upper()}")
    if rows.is_full:
        return
    surplus = len(rest.removeprefix(b"\n")) + bytes_left(file)
    if surplus:
        raise InputError(f"{path}: expected the end of the file after word {done}, found {surplus} bytes more")


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    with open_input(path) as file:
        header = read_header(file, path)
        most = bytes_left(file) // (4 * header.dim + 1)
        if not most:
            raise _incomplete(path, 1, header, b"")
        rows = RowCollector(path, min(header.words, most), header.dim, limit)
        _read_records(file, path, header, rows, reading)
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
    """Return whether the bytes are UTF-8 without control characters; the last character may be cut off."""
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
    words, _, used = _split_records(body, header.words, header.dim)
    # A few small numbers may look like text by chance, but then the records fill the file exactly.
    is_complete = len(words) == header.words and body[used:] in (b"", b"\n")
    return is_complete or not _is_text(body)


FORMAT = Format(
    name="word2vec",
    suffixes=(".bin",),
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    write=_write,
)
