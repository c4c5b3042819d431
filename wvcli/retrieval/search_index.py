"""The index of a search: the passages of some sources with their vectors and words, in one file.

It is a file that `model_file.save` writes, with the arrays

    vectors             float32 [passages, dim], of unit length, or zeros
    text                uint8, the passages as UTF-8; text_offsets, int64 [passages + 1]
    files, lines        int32 and int64 [passages], the file of each passage by its number, and its first line
    tokens              uint32, the words of the passages by their numbers; token_offsets, int64 [passages + 1]
    words               uint8, the words as UTF-8, a line feed after each

The manifest has the size and time of every file, so that an index is known to be stale when one has changed.
"""

import os
import tempfile
from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.models import model_file
from wvcli.models.model_file import ModelFile
from wvcli.retrieval.passages import Located
from wvcli.system.atomic_files import check_writable
from wvcli.text.sources import is_remote
from wvcli.tokens.word_numbers import PackedWords, WordNumbers
from wvcli.vectors.geometry import FloatArray, RowArray

KIND = "search index"

_BLOCK = 16_384  # passages compared at a time
_KINDS = {
    "vectors": "<f4", "text": "|u1", "text_offsets": "<i8", "files": "<i4", "lines": "<i8",
    "tokens": "<u4", "token_offsets": "<i8", "words": "|u1",
}  # fmt: skip


_WHY = (
    ("encoder", "it was made with another model or method"),
    ("by", "its passages are of another kind"),
    ("reading", "its sources were read in another way"),
)


@dataclass(frozen=True)
class EncodedPassages:
    """Some passages as a search compares them.

    Attributes:
        units: float32 [passages, dim], vectors of unit length, or zeros.
        ids: [tokens], the number of each token's word.
        bounds: int64 [passages + 1]; passage i is `ids[bounds[i]:bounds[i + 1]]`.
        words: the number of each word of these passages that is asked for; None where all passages share numbers.
    """

    units: FloatArray
    ids: npt.NDArray[Any]
    bounds: RowArray
    words: Mapping[str, int]


def file_facts(files: Iterable[str]) -> list[list[Any]]:
    """Return what is different of files once one has changed: name, size and time of change; None at an address.

    Raises:
        InputError: a file is missing.
    """
    facts: list[list[Any]] = []
    for file in files:
        if is_remote(file):
            facts.append([file, None, None])
            continue
        try:
            found = os.stat(file)
        except OSError as error:
            raise InputError(f"there is no file {file}") from error
        facts.append([file, found.st_size, found.st_mtime_ns])
    return facts


def why_stale(recorded: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """Return why what an index recorded is not what is wanted now; None where it is."""
    if recorded.get("sources") != wanted["sources"]:
        return "it is of other sources"
    for key, why in _WHY:
        if recorded.get(key) != wanted[key]:
            return why
    before = {facts[0]: facts for facts in recorded.get("files", [])}
    now = {facts[0]: facts for facts in wanted["files"]}
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if not changed:
        return None
    what = "has changed" if changed[0] in before and changed[0] in now else "is new"
    what = "is gone" if changed[0] not in now else what
    return f"{changed[0]} {what}" + (f", and {len(changed) - 1:,} others" if len(changed) > 1 else "")


class SearchIndex:
    """An open index.

    Args:
        file: as `open_kind` returns it.

    Raises:
        InputError: it is damaged.
    """

    def __init__(self, file: ModelFile) -> None:
        self.path = file.path
        self.about: dict[str, Any] = file.manifest.get("index", {})
        self._tensors = tensors = file.tensors
        if any(name not in tensors or tensors[name].dtype != dtype for name, dtype in _KINDS.items()):
            raise InputError(f"{file.path} is damaged: its arrays are not those of a {KIND}")
        self._count = len(tensors["vectors"])
        lengths = {name: len(tensors[name]) for name in ("text_offsets", "token_offsets", "files", "lines")}
        sound = {"text_offsets": self._count + 1, "token_offsets": self._count + 1}
        sound |= {"files": self._count, "lines": self._count}
        ends = (("text", "text_offsets"), ("tokens", "token_offsets"))
        if lengths != sound or any(tensors[offsets][-1] != len(tensors[of]) for of, offsets in ends):
            raise InputError(f"{file.path} is damaged: its arrays do not fit each other")

    def __len__(self) -> int:
        return self._count

    @classmethod
    def open(cls, path: Path) -> "SearchIndex":
        """Open an index, memory-mapped.

        Raises:
            InputError: it is missing, damaged or something else.
        """
        return cls(model_file.open_kind(path, KIND, "wvcli search QUERY SOURCE --index FILE makes one"))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        words = str(self._tensors["words"].tobytes(), "utf-8", "surrogatepass").split("\n")[:-1]
        return dict(zip(words, range(len(words)), strict=True))

    def blocks(self) -> Iterator[EncodedPassages]:
        """Yield the passages, some at a time."""
        offsets = self._tensors["token_offsets"]
        for start in range(0, self._count, _BLOCK):
            bounds = offsets[start : start + _BLOCK + 1]
            ids = self._tensors["tokens"][bounds[0] : bounds[-1]]
            vectors = self._tensors["vectors"][start : start + _BLOCK]
            yield EncodedPassages(vectors, ids, bounds - bounds[0], self._numbers)

    def passage(self, number: int) -> Located:
        """Return a passage by its number.

        Raises:
            InputError: the index is damaged.
        """
        tensors = self._tensors
        start, stop = tensors["text_offsets"][number : number + 2].tolist()
        text = str(tensors["text"][start:stop].tobytes(), "utf-8", "replace")
        with model_file.reading_manifest(self.path):
            file = self.about["files"][int(tensors["files"][number])][0]
        return Located(str(file), int(tensors["lines"][number]), text)


def build(
    path: Path,
    passages: Iterable[tuple[list[Located], EncodedPassages]],
    dim: int,
    about: Mapping[str, Any],
    overwrite: bool,
) -> None:
    """Write an index; what it holds waits in temporary files beside it, so that memory stays small.

    Args:
        path: the file to make.
        passages: with their vectors and words, of which `words` are all those of the passages.
        dim: of the vectors.
        about: what is known of the passages: the facts of their files, among other things.
        overwrite: replace an existing file.

    Raises:
        UsageError: the file exists and `overwrite` is false.
        WvcliError: it cannot be written.
    """
    check_writable(path, overwrite)
    numbers = WordNumbers()
    file_numbers = {facts[0]: place for place, facts in enumerate(about["files"])}
    files, lines, ends, text_ends = array("i"), array("q"), array("q", [0]), array("q", [0])
    with ExitStack() as stack:
        vectors, text, tokens = (stack.enter_context(tempfile.TemporaryFile(dir=path.parent)) for _ in range(3))
        for located, encoded in passages:
            vectors.write(np.ascontiguousarray(encoded.units, dtype="<f4").tobytes())
            of_words = numbers.number(list(encoded.words))
            tokens.write(of_words[encoded.ids].astype("<u4").tobytes())
            ends.extend((ends[-1] + encoded.bounds[1:]).tolist())
            for each in located:
                coded = each.text.encode("utf-8", "replace")
                text.write(coded)
                text_ends.append(text_ends[-1] + len(coded))
                files.append(file_numbers[each.file])
                lines.append(each.line)
        arrays = {
            "vectors": _mapped(vectors, "<f4").reshape(-1, dim),
            "text": _mapped(text, "|u1"),
            "text_offsets": np.array(text_ends, dtype="<i8"),
            "files": np.array(files, dtype="<i4"),
            "lines": np.array(lines, dtype="<i8"),
            "tokens": _mapped(tokens, "<u4"),
            "token_offsets": np.array(ends, dtype="<i8"),
            "words": PackedWords.of(numbers.words()).data,
        }
        manifest = {model_file.KIND: KIND, "index": {**about, "passages": len(lines), "words": len(numbers)}}
        model_file.save(path, arrays, manifest, overwrite)


def _mapped(file: IO[bytes], dtype: str) -> npt.NDArray[Any]:
    file.flush()
    return np.asarray(np.memmap(file, dtype=dtype, mode="r")) if file.tell() else np.zeros(0, dtype=dtype)


Passages = Generator[tuple[list[Located], EncodedPassages], None, None]
