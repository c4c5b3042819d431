"""navec's vectors of Russian words, quantised: the folder that its `.tar` unpacks to.

    meta.json    `{"id": ..., "protocol": 1}`
    vocab.bin    gzip of: uint32, the number of words; uint32 [words], their counts; the words, a line each
    pq.bin       uint32: words, dimensions, parts, centroids; uint8 [words, parts], the centroid of each part;
                 float32 [parts, centroids, dimensions / parts]

All numbers are little-endian. The last two words, `<unk>` and `<pad>`, have vectors as others do. A `.tar` is read
as it is, since archives are.
"""

import gzip
import json
import zlib
from pathlib import Path
from struct import Struct

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._format import Format, Kept
from wvcli.formats._product_quantised import ProductQuantised
from wvcli.formats._reading import RowCollector, bytes_left, open_input
from wvcli.system.mapped_files import map_whole
from wvcli.system.paging import blocks
from wvcli.vectors.word_vectors import Vectors

_META, _VOCABULARY, _VECTORS = "meta.json", "vocab.bin", "pq.bin"
_PROTOCOL = 1
_SHAPE = Struct("<4I")


def _check_protocol(path: Path) -> None:
    with open_input(path) as file:
        data = file.read()
    try:
        protocol = json.loads(data)["protocol"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: expected navec's protocol") from error
    if protocol != _PROTOCOL:
        raise InputError(f"{path} has protocol {protocol!r:.40} of navec; expected {_PROTOCOL}")


def _counted_words(path: Path) -> tuple[list[str], list[int]]:
    """Return the words and their counts.

    Raises:
        InputError: they are damaged.
    """
    with open_input(path) as file:
        packed = file.read()
    try:
        data = gzip.decompress(packed)
        count = int.from_bytes(data[:4], "little")
        counts = np.frombuffer(data, "<u4", count, 4)
        words = data[4 + counts.nbytes :].decode().split("\n")
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise InputError(f"{path} is damaged: {error}") from error
    if len(words) != count:
        raise InputError(f"{path} is damaged: it has {len(words)} words and {count} counts")
    return words, counts.tolist()


def _quantised(path: Path, words: int) -> ProductQuantised:
    """Map the vectors.

    Raises:
        InputError: they are damaged, or not of so many words.
    """
    with open_input(path) as file:
        size = bytes_left(file)
        head = file.read(_SHAPE.size)
        if len(head) < _SHAPE.size:
            raise InputError(f"{path} is damaged: it ends early")
        count, dim, parts, centroids = _SHAPE.unpack(head)
        if count != words:
            raise InputError(f"{path} does not fit {_VOCABULARY}: it has {count} vectors for {words} words")
        if not (parts and centroids) or not dim or dim % parts:
            raise InputError(
                f"{path} is damaged: {dim} dimensions cannot be {parts} parts of {centroids} centroids"
            )
        expected = _SHAPE.size + count * parts + 4 * centroids * dim
        if size != expected:
            raise InputError(f"{path} is damaged: expected {expected:,} bytes, found {size:,}")
        whole = map_whole(file, path)
    end = _SHAPE.size + count * parts
    numbers = np.frombuffer(whole[end:].tobytes(), "<f4").reshape(parts, centroids, dim // parts)
    return ProductQuantised(path, whole[_SHAPE.size : end].reshape(count, parts), numbers)


def _read(path: Path, limit: int | None) -> Vectors:
    _check_protocol(path / _META)
    words, counts = _counted_words(path / _VOCABULARY)
    matrix = _quantised(path / _VECTORS, len(words))
    rows = RowCollector(path, len(words), matrix.shape[1], limit)
    for start, block in blocks(matrix):
        stop = start + len(block)
        rows.add(words[start:stop], block, counts[start:stop])
        if rows.is_full:
            break
    return rows.vectors()


FORMAT = Format(
    name="navec",
    suffixes=(),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS}),
    sniff=lambda head: False,
    sniff_folder=lambda path: all((path / name).is_file() for name in (_META, _VOCABULARY, _VECTORS)),
    read=_read,
)
