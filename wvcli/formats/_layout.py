"""What the layouts of word2vec, GloVe and fastText share: the header, how words are taken in and given out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wvcli.errors import InputError, WvcliError
from wvcli.vectors.vocabulary import Vocabulary

_HEADER = re.compile(rb"[ \t]*([0-9]+)[ \t]+([0-9]+)[ \t]*\r?\n")
_LONGEST_HEADER = 200  # bytes looked at, so that a file without line ends is not read whole

FASTTEXT_MAGIC = 793_712_314  # FASTTEXT_FILEFORMAT_MAGIC_INT32 of the fastText program

# What C, C++ and Python readers of these layouts take for the end of a word; the underscore stands for each.
_BLANKS = b" \t\n\v\f\r"
_WITHOUT_BLANKS = bytes.maketrans(_BLANKS, b"_" * len(_BLANKS))
_SCANNED = 1 << 20  # bytes of a vocabulary looked through at a time
_WORDS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Header:
    """The first line of a file: how many words it has and how many numbers each.

    Attributes:
        words: at least 1.
        dim: at least 1.
        length: bytes of the line, line end included.
    """

    words: int
    dim: int
    length: int


def find_header(head: bytes) -> Header | None:
    """The header that a file beginning with these bytes has, or None."""
    match = _HEADER.match(head[:_LONGEST_HEADER])
    if match is None:
        return None
    words, dim = int(match[1]), int(match[2])
    return Header(words, dim, match.end()) if words and dim else None


def is_fasttext_binary(head: bytes) -> bool:
    """Whether a file that begins with these bytes is the fastText program's own `.bin`."""
    return head.startswith(FASTTEXT_MAGIC.to_bytes(4, "little"))


def read_header(file: BinaryIO, path: Path) -> Header:
    """The header of a file open at its start; the file is then at the line after it.

    Raises:
        InputError: there is no header.
    """
    head = file.read(_LONGEST_HEADER)
    refuse_fasttext_binary(path, head)
    header = find_header(head)
    if header is None:
        raise InputError(f"{path}, line 1: expected the number of words and of dimensions, such as '2000 100'")
    file.seek(header.length)
    return header


def refuse_fasttext_binary(path: Path, head: bytes) -> None:
    """Raise InputError if the file that begins with `head` is a fastText `.bin`."""
    if is_fasttext_binary(head):
        raise InputError(f"{path} is a fastText .bin and not in word2vec's layout", "the format fasttext reads it")


class WritableWords:
    """The words of a vocabulary as these layouts can hold them.

    A blank, a tab or a line end inside a word is written as `_`, and so is an empty word, because the programs
    that read these files end a word there.

    Raises:
        WvcliError: two words would be written alike.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._changed: dict[int, bytes] = {}
        taken: dict[str, str] = {}
        for index in _unwritable(vocabulary):
            word = vocabulary[index]
            written = word.encode().translate(_WITHOUT_BLANKS) or b"_"
            name = written.decode()
            other = name if name in vocabulary else taken.setdefault(name, word)
            if other != word:
                raise WvcliError(f"{word!r} and {other!r} would both be written as {name!r}")
            self._changed[index] = written

    def between(self, start: int, stop: int) -> list[bytes]:
        """The UTF-8 bytes of the words in these rows."""
        offsets = self._vocabulary.offsets[start : stop + 1]
        text = self._vocabulary.text[offsets[0] : offsets[-1]].tobytes()
        places = (offsets - offsets[0]).tolist()
        return [
            self._changed.get(index) or text[first:last]
            for index, first, last in zip(range(start, stop), places, places[1:], strict=False)
        ]

    def notes(self) -> list[str]:
        """What to tell the user: nothing, or one note on the words that were changed."""
        if not self._changed:
            return []
        first = self._vocabulary[min(self._changed)]
        count = len(self._changed)
        words = "1 word with blanks was" if count == 1 else f"{count} words with blanks were"
        return [f"{words} written with _ (first: {first!r})"]


def _unwritable(vocabulary: Vocabulary) -> Iterator[int]:
    """The ids of the words that are empty or hold a blank, each once and in order."""
    offsets = vocabulary.offsets
    for start in range(0, len(vocabulary), _WORDS_AT_ONCE):
        stop = min(start + _WORDS_AT_ONCE, len(vocabulary))
        bounds = offsets[start : stop + 1] - offsets[start]
        text = vocabulary.text[offsets[start] : offsets[stop]]
        blanks = np.flatnonzero((text == ord(" ")) | ((text >= ord("\t")) & (text <= ord("\r"))))
        holding = np.searchsorted(bounds, blanks, side="right") - 1
        empty = np.flatnonzero(np.diff(bounds) == 0)
        yield from (start + np.union1d(holding, empty)).tolist()
