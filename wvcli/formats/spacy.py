"""The folders of spaCy pipelines, as `nlp.to_disk` saves them, and the folders of their vectors alone.

Read is the folder of a pipeline, its `vocab`, what `nlp.vocab.vectors.to_disk` saves, and an installed package
such as `en_core_web_md`, whose pipeline is the only folder in it. spaCy is not needed for that. The files are

    strings.json  a list of strings, the words and others, in any order
    key2row       in MessagePack, a map from the keys of words to rows, in the order of the words
    vectors       an `.npy`, float32 [rows, dim]; it is memory-mapped
    vectors.cfg   JSON, with the mode of the vectors

Words may share a row, as they do after pruning; each of them then has that vector. floret vectors are refused,
since their rows do not belong to words.

Written is a blank pipeline of the multi-language class `xx`, which `spacy.load` opens; spaCy makes its
configuration and tokenizer. Frequent words come first, as in the model, so that `nlp.vocab.prune_vectors` keeps
them. Counts are not in the folder and are unknown after reading.
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

from wvcli.errors import InputError, MissingExtraError, WvcliError
from wvcli.formats._arrays import check_matrix, check_words, floats, map_array, vectors_of
from wvcli.formats._blocks import blocks
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._reading import RowCollector, open_input
from wvcli.formats._spacy_keys import SYMBOLS, Keys, hashes
from wvcli.reporting import report_note
from wvcli.system.paging import LARGE, release
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_VOCAB, _VECTORS, _KEYS, _STRINGS, _SETTINGS = "vocab", "vectors", "key2row", "strings.json", "vectors.cfg"
_META, _NAME = "meta.json", "wvcli_vectors"
_BLANK_PIPELINE = {"config.cfg", _META, "tokenizer", _VOCAB}  # all that is in the folder of one
_HINT = "name the folder of a pipeline, as nlp.to_disk saves it"
_WORDS_AT_ONCE = 1 << 14
_NUMBERS_AT_ONCE = 1 << 20
_SNIFFED = 1 << 14  # bytes
# The byte before a number or before the size of a map in MessagePack, and how many bytes that has.
_SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_MAPS = {0xDE: 2, 0xDF: 4}
_KEY, _ROW, _MAP = 0xCF, 0xCE, 0xDF
_ENTRY = np.dtype([("is_key", "u1"), ("key", ">u8"), ("is_row", "u1"), ("row", ">u4")])


def _vectors_folder(path: Path) -> Path | None:
    """Return the folder with the vectors of a pipeline or package, or None."""
    packaged = list(path.glob(f"*/{_VOCAB}")) if (path / "__init__.py").is_file() else []
    for folder in (path, path / _VOCAB, *(packaged if len(packaged) == 1 else [])):
        if all((folder / name).is_file() for name in (_VECTORS, _KEYS, _STRINGS)):
            return folder
    return None


def _read_bytes(path: Path) -> bytes:
    with open_input(path) as file:
        return file.read()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it is not JSON") from error


def _read_key2row(path: Path) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Read a map in MessagePack: the keys of words, uint64 [words], and their rows, int64 [words].

    Raises:
        InputError: it is not a map from whole numbers to whole numbers.
    """
    data = _read_bytes(path)
    numbers = array("Q")
    try:
        size = _MAPS.get(data[0], 0)
        count = int.from_bytes(data[1 : 1 + size], "big") if size else data[0] ^ 0x80
        position = 1 + size
        if 2 * count > len(data):
            raise ValueError(f"it claims {count} entries")
        for _ in range(2 * count):
            value = data[position]
            position += 1
            if value >= 0x80:
                stop = position + _SIZES[value]
                value = int.from_bytes(data[position:stop], "big")
                position = stop
            numbers.append(value)
        if position != len(data):
            raise ValueError("it does not end with its last entry")
    except KeyError as error:
        raise InputError(f"{path} is damaged: a key or row is not a whole number") from error
    except (ValueError, IndexError) as error:
        raise InputError(f"{path} is damaged: {error}") from error
    pairs = np.array(numbers, dtype=np.uint64).reshape(-1, 2)
    return pairs[:, 0], np.minimum(pairs[:, 1], np.uint64(np.iinfo(np.int64).max)).astype(np.int64)


def _words(path: Path, keys: Keys) -> list[str]:
    """Read the words with these keys.

    Raises:
        InputError: the file is not a list of strings, or has none for a key.
    """
    strings = _read_json(path)
    if not isinstance(strings, list):
        raise InputError(f"{path} is damaged: expected a list of strings")
    check_words(path, strings)
    known = np.concatenate([_hashes(strings), np.arange(len(SYMBOLS), dtype=np.uint64)])
    strings += SYMBOLS
    order = np.argsort(known, kind="stable")
    indices = order[np.searchsorted(known, keys, sorter=order) % len(order)]
    unnamed = int(np.count_nonzero(known[indices] != keys))
    if unnamed:
        raise InputError(
            f"{path} lacks the words of {unnamed:,} of {len(keys):,} vectors",
            "add them to nlp.vocab.strings and save the pipeline again",
        )
    return [strings[index] for index in indices.tolist()]


def _hashes(words: Sequence[str]) -> Keys:
    coded = [word.encode() for word in words]
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, coded), np.int64, len(coded)), out=offsets[1:])
    return hashes(np.frombuffer(b"".join(coded), dtype=np.uint8), offsets)


def _read(path: Path, limit: int | None) -> Vectors:
    folder = _vectors_folder(path)
    if folder is None:
        if not path.exists():
            raise InputError(f"cannot read {path}: no such file or directory")
        what = "has no vectors of spaCy" if path.is_dir() else "is not a folder"
        if path.is_file() and _is_docbin(path):
            what = "is a DocBin of spaCy, which has documents but no vectors"
        raise InputError(f"{path} {what}", _HINT)
    _check_kind(path, folder / _SETTINGS)
    keys, rows = _read_key2row(folder / _KEYS)
    matrix = map_array(folder / _VECTORS)
    if not len(keys) or not matrix.size:
        hint = "of spaCy's own pipelines, those whose names end in md or lg have them"
        raise InputError(f"the pipeline {path} has no word vectors", hint)
    check_matrix(path, _VECTORS, matrix)
    outside = rows[(rows < 0) | (rows >= len(matrix))]
    if len(outside):
        raise InputError(f"{folder / _KEYS} is damaged: it refers to row {outside[0]} of {len(matrix)}")
    words = _words(folder / _STRINGS, keys[:limit])
    rows = rows[:limit]
    shared = len(rows) - len(np.unique(rows))
    if shared:
        report_note(
            f"{shared:,} of the {len(rows):,} words have the vector of another word, as spaCy prunes vectors"
        )
    if np.array_equal(rows, np.arange(len(rows))):
        return vectors_of(path, words, matrix[: len(rows)])
    return _gather(path, words, matrix, rows)


def _check_kind(path: Path, settings: Path) -> None:
    """Refuse vectors that do not belong to words; spaCy before 3.2 had no others, and no settings."""
    found = _read_json(settings) if settings.is_file() else {}
    mode = found.get("mode", "default") if isinstance(found, dict) else None
    if mode == "floret":
        raise InputError(
            f"the pipeline {path} has floret vectors, which belong to n-grams, not to words",
            "write the words you need with their vectors as text, and import that",
        )
    if mode != "default":
        raise InputError(f"{settings} is damaged: unknown mode of vectors {str(mode)[:50]!r}")


def _gather(path: Path, words: list[str], matrix: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> Vectors:
    """Return the vectors of words whose rows are in another order, or shared."""
    found = RowCollector(path, len(words), matrix.shape[1])
    step = max(1, _NUMBERS_AT_ONCE // matrix.shape[1])
    for start in range(0, len(words), step):
        part = rows[start : start + step]
        with np.errstate(over="ignore"):  # larger numbers become infinite
            found.add(words[start : start + step], floats(matrix[part]))
        if matrix.nbytes >= LARGE:
            release(matrix[part.min() : part.max() + 1])
    return found.vectors()


def _keys(vocabulary: Vocabulary) -> Keys:
    """Return uint64 [words], the keys of words.

    Raises:
        WvcliError: two words have the same key.
    """
    keys = hashes(vocabulary.text, vocabulary.offsets)
    for key, symbol in enumerate(SYMBOLS):
        row = vocabulary.find(symbol)
        if row is not None:
            keys[row] = key
    order = np.argsort(keys, kind="stable")
    equal = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(equal):
        first, second = (vocabulary[int(row)] for row in order[equal[0] : equal[0] + 2])
        raise WvcliError(f"spaCy cannot distinguish {first!r} from {second!r}: both have the same key")
    return keys


def _save_blank_pipeline(path: Path) -> None:
    """Save a blank pipeline without its vocabulary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import spacy
        except ImportError as error:
            raise MissingExtraError("writing a spaCy pipeline", "spacy") from error
        spacy.blank("xx").to_disk(path, exclude=[_VOCAB])


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    _save_blank_pipeline(path)
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
        for start in range(0, len(vocabulary), _WORDS_AT_ONCE):
            words = vocabulary[start : start + _WORDS_AT_ONCE]
            file.write(",\n" if start else "[\n")
            file.write(",\n".join([json.dumps(word, ensure_ascii=False) for word in words]))
        file.write("\n]")


def _is_docbin(path: Path) -> bool:
    with open_input(path) as file:
        return _sniff(file.read(_SNIFFED))


def _sniff(head: bytes) -> bool:
    """Return whether a file is a DocBin, whose name ends in `.spacy` too."""
    try:
        return head.startswith(b"\x78") and b"attrs" in zlib.decompressobj().decompress(head, 100)
    except zlib.error:
        return False


def _sniff_folder(path: Path) -> bool:
    return _vectors_folder(path) is not None


def _is_replaceable(path: Path) -> bool:
    """Return whether a folder is a pipeline with nothing but words and vectors."""
    if {file.name for file in path.iterdir()} != _BLANK_PIPELINE or not _sniff_folder(path):
        return False
    try:
        meta = json.loads((path / _META).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(meta, dict) and meta.get("components") == []


FORMAT = Format(
    name="spacy",
    suffixes=(".spacy",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    sniff_folder=_sniff_folder,
    may_replace=_is_replaceable,
    read=_read,
    write=_write,
    extra="spacy",
)
