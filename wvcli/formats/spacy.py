"""spaCy's pipelines, folders as `nlp.to_disk` saves them, and the folders of their vectors alone.

Read is the folder of a pipeline, its `vocab`, what `nlp.vocab.vectors.to_disk` saves, and a package such as
`en_core_web_md`, whose pipeline is in the one folder within it. spaCy is not needed for that. What is used:

    strings.json  a list of strings, those that are words and others, in no order
    key2row       in MessagePack, a map from the keys of words to rows, in the order of the words
    vectors       a `.npy`, float32 [rows, dim]; it is mapped
    vectors.cfg   what kind of vectors they are

Words may share a row, as they do once vectors were pruned; each of them has its vector then. Vectors of floret's
are refused, for their rows are no words'.

Written is a blank pipeline, which `spacy.load` opens, of the language `xx`, which stands for many. spaCy makes its
configuration and tokenizer. Where words are frequent first, as they are in models, so are the rows, and thus
`nlp.vocab.prune_vectors` keeps those of frequent words. Counts are not in the folder and stay unknown.
"""

import json
import warnings
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, MissingExtraError, WvcliError, unreadable
from wvcli.formats import Format, Writing
from wvcli.formats._arrays import check_matrix, check_words, floats, map_array, of_arrays
from wvcli.formats._blocks import blocks
from wvcli.formats._reading import RowCollector, open_input
from wvcli.formats._spacy_keys import SYMBOLS, Keys, hashes
from wvcli.system.paging import LARGE, release
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_VOCAB, _VECTORS, _KEYS, _STRINGS, _SETTINGS = "vocab", "vectors", "key2row", "strings.json", "vectors.cfg"
_META, _NAME = "meta.json", "wvcli_vectors"
_OURS = {"config.cfg", _META, "tokenizer", _VOCAB}  # all that is in the folder of a blank pipeline
_WANTED = "name the folder of a pipeline, as nlp.to_disk saves it"
_AT_ONCE = 1 << 14  # words
# What comes before a number in MessagePack, and of how many bytes it is.
_SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_MAPS = {0xDE: 2, 0xDF: 4}
_KEY, _ROW, _MAP = 0xCF, 0xCE, 0xDF
_ENTRY = np.dtype([("is_key", "u1"), ("key", ">u8"), ("is_row", "u1"), ("row", ">u4")])


def _within(path: Path) -> Path | None:
    """The folder that has the vectors of a pipeline or package, or None."""
    packaged = list(path.glob(f"*/{_VOCAB}")) if (path / "__init__.py").is_file() else []
    for folder in (path, path / _VOCAB, *(packaged if len(packaged) == 1 else [])):
        if all((folder / name).is_file() for name in (_VECTORS, _KEYS, _STRINGS)):
            return folder
    return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it is no JSON") from error


def _key2row(path: Path) -> tuple[Keys, npt.NDArray[np.int64]]:
    """uint64 [words], the keys, and int64 [words], their rows, of a map in MessagePack.

    Raises:
        InputError: it is no map from whole numbers to whole numbers.
    """
    data = _bytes(path)
    numbers = array("Q")
    try:
        size = _MAPS.get(data[0], 0)
        count = int.from_bytes(data[1 : 1 + size], "big") if size else data[0] ^ 0x80
        place = 1 + size
        if 2 * count > len(data):
            raise ValueError(f"it claims {count} entries")
        for _ in range(2 * count):
            value = data[place]
            place += 1
            if value >= 0x80:
                stop = place + _SIZES[value]
                value = int.from_bytes(data[place:stop], "big")
                place = stop
            numbers.append(value)
        if place != len(data):
            raise ValueError("it does not end with its last entry")
    except KeyError as error:
        raise InputError(f"{path} is damaged: a key or row is no whole number") from error
    except (ValueError, IndexError) as error:
        raise InputError(f"{path} is damaged: {error}") from error
    pairs = np.array(numbers, dtype=np.uint64).reshape(-1, 2)
    return pairs[:, 0], np.minimum(pairs[:, 1], np.uint64(np.iinfo(np.int64).max)).astype(np.int64)


def _words(path: Path, keys: Keys) -> list[str]:
    """The words that have these keys.

    Raises:
        InputError: the file holds something else than strings, or has none for a key.
    """
    strings = _json(path)
    if not isinstance(strings, list):
        raise InputError(f"{path} is damaged: expected a list of strings")
    check_words(path, strings)
    known = np.concatenate([_hashes(strings), np.arange(len(SYMBOLS), dtype=np.uint64)])
    strings += SYMBOLS
    order = np.argsort(known, kind="stable")
    places = order[np.searchsorted(known, keys, sorter=order) % len(order)]
    unnamed = int(np.count_nonzero(known[places] != keys))
    if unnamed:
        raise InputError(
            f"{path} lacks the words of {unnamed:,} of {len(keys):,} vectors",
            "add them to nlp.vocab.strings and save the pipeline again",
        )
    return [strings[place] for place in places.tolist()]


def _hashes(words: Sequence[str]) -> Keys:
    coded = [word.encode() for word in words]
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, coded), np.int64, len(coded)), out=offsets[1:])
    return hashes(np.frombuffer(b"".join(coded), dtype=np.uint8), offsets)


def _read(path: Path, limit: int | None) -> Vectors:
    folder = _within(path)
    if folder is None:
        if not path.exists():
            raise InputError(f"cannot read {path}: no such file or directory")
        what = "holds no vectors of spaCy" if path.is_dir() else "is no folder"
        if path.is_file() and _is_of_documents(path):
            what = "holds documents of spaCy's, a DocBin, and no vectors"
        raise InputError(f"{path} {what}", _WANTED)
    _check_kind(path, folder / _SETTINGS)
    keys, rows = _key2row(folder / _KEYS)
    matrix = map_array(folder / _VECTORS)
    if not len(keys) or not matrix.size:
        raise InputError(f"the pipeline {path} has no word vectors", "of spaCy's own those in md and lg have them")
    check_matrix(path, _VECTORS, matrix)
    outside = rows[(rows < 0) | (rows >= len(matrix))]
    if len(outside):
        raise InputError(f"{folder / _KEYS} is damaged: of {len(matrix)} vectors it names number {outside[0]}")
    words = _words(folder / _STRINGS, keys[:limit])
    rows = rows[:limit]
    if np.array_equal(rows, np.arange(len(rows))):
        return of_arrays(path, words, matrix[: len(rows)])
    return _gathered(path, words, matrix, rows)


def _check_kind(path: Path, settings: Path) -> None:
    """Refuse vectors that are not of words; spaCy before 3.2 had no others and no settings."""
    found = _json(settings) if settings.is_file() else {}
    mode = found.get("mode", "default") if isinstance(found, dict) else None
    if mode == "floret":
        raise InputError(
            f"the pipeline {path} has floret vectors, which are of n-grams: it holds no list of words",
            "write the words you need with their vectors as text, and import that",
        )
    if mode != "default":
        raise InputError(f"{settings} names no kind of vectors known here: {str(mode)[:50]!r}")


def _gathered(path: Path, words: list[str], matrix: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> Vectors:
    """The vectors of words whose rows are in another order, or shared."""
    found = RowCollector(path, len(words), matrix.shape[1])
    step = max(1, _AT_ONCE * 64 // matrix.shape[1])
    for start in range(0, len(words), step):
        part = rows[start : start + step]
        with np.errstate(over="ignore"):  # what is beyond float32 is infinite
            found.add(words[start : start + step], floats(matrix[part]))
        if matrix.nbytes >= LARGE:
            release(matrix[part.min() : part.max() + 1])
    return found.vectors()


def _keys(vocabulary: Vocabulary) -> Keys:
    """uint64 [words], the keys of words.

    Raises:
        WvcliError: two words have the same one.
    """
    keys = hashes(vocabulary.text, vocabulary.offsets)
    for key, symbol in enumerate(SYMBOLS):
        row = vocabulary.find(symbol)
        if row is not None:
            keys[row] = key
    order = np.argsort(keys, kind="stable")
    alike = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(alike):
        first, second = (vocabulary[int(row)] for row in order[alike[0] : alike[0] + 2])
        raise WvcliError(f"spaCy cannot tell {first!r} from {second!r}: both have the same key")
    return keys


def _blank(path: Path) -> None:
    """Save a blank pipeline, all but its vocabulary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import spacy
        except ImportError as error:
            raise MissingExtraError("writing a pipeline of spaCy", "spacy") from error
        spacy.blank("xx").to_disk(path, exclude=[_VOCAB])


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    _blank(path)
    meta = json.loads((path / _META).read_bytes())
    meta["vectors"] = {
        "width": vectors.dim,
        "vectors": len(vectors),
        "keys": len(vectors),
        "name": _NAME,
        "mode": "default",
    }
    (path / _META).write_text(json.dumps(meta, indent=2), encoding="utf-8", newline="\n")
    folder = path / _VOCAB
    folder.mkdir()
    (folder / _SETTINGS).write_text('{"mode":"default"}', encoding="utf-8", newline="\n")
    header = {"descr": "<f4", "fortran_order": False, "shape": (len(vectors), vectors.dim)}
    with (folder / _VECTORS).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks(vectors, writing.dtype):
            file.write(block.data)
    entries = np.empty(len(vectors), dtype=_ENTRY)
    entries["is_key"], entries["is_row"] = _KEY, _ROW
    entries["key"], entries["row"] = _keys(vectors.vocabulary), np.arange(len(vectors))
    with (folder / _KEYS).open("wb") as file:
        file.write(bytes([_MAP]) + len(vectors).to_bytes(4, "big"))
        file.write(entries.data)
    _write_strings(vectors.vocabulary, folder / _STRINGS)
    return []


def _write_strings(vocabulary: Vocabulary, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, len(vocabulary), _AT_ONCE):
            words = vocabulary[start : start + _AT_ONCE]
            file.write(",\n" if start else "[\n")
            file.write(",\n".join([json.dumps(word, ensure_ascii=False) for word in words]))
        file.write("\n]")


def _is_of_documents(path: Path) -> bool:
    with open_input(path) as file:
        return _sniff(file.read(_AT_ONCE))


def _sniff(head: bytes) -> bool:
    """Whether a file is a DocBin, whose name ends with `.spacy` as well."""
    try:
        return head.startswith(b"\x78") and b"attrs" in zlib.decompressobj().decompress(head, 100)
    except zlib.error:
        return False


def _sniff_folder(path: Path) -> bool:
    return _within(path) is not None


def _is_blank(path: Path) -> bool:
    """Whether a folder is a pipeline that holds nothing but words and vectors."""
    if {file.name for file in path.iterdir()} != _OURS or not _sniff_folder(path):
        return False
    try:
        meta = json.loads((path / _META).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(meta, dict) and meta.get("components") == []


FORMAT = Format(
    name="spacy",
    suffixes=(".spacy",),
    keeps="words with blanks and vectors",
    sniff=_sniff,
    sniff_folder=_sniff_folder,
    may_replace=_is_blank,
    read=_read,
    write=_write,
    extra="spacy",
)
