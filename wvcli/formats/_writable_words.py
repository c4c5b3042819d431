"""Words as the layouts of word2vec, GloVe and fastText can hold them: without spaces inside."""

from collections.abc import Iterator

import numpy as np

from wvcli.errors import WvcliError
from wvcli.vectors.vocabulary import Vocabulary

# What C, C++ and Python readers of these layouts take for the end of a word; the underscore stands for each.
_SPACES = b" \t\n\v\f\r"
_TO_UNDERSCORES = bytes.maketrans(_SPACES, b"_" * len(_SPACES))
_SCANNED_WORDS = 4_096  # looked through at a time


class WritableWords:
    """The words of a vocabulary as these layouts can hold them.

    A space, a tab or a line end inside a word is written as `_`, and so is an empty word, because the programs
    that read these files end a word there.

    Raises:
        WvcliError: two words would be written alike.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._replaced: dict[int, bytes] = {}
        taken: dict[str, str] = {}
        for index in _unwritable(vocabulary):
            word = vocabulary[index]
            replacement = word.encode().translate(_TO_UNDERSCORES) or b"_"
            name = replacement.decode()
            other = name if name in vocabulary else taken.setdefault(name, word)
            if other != word:
                raise WvcliError(f"{word!r} and {other!r} would both be written as {name!r}")
            self._replaced[index] = replacement

    def between(self, start: int, stop: int) -> list[bytes]:
        """Return the UTF-8 bytes of the words in these rows."""
        offsets = self._vocabulary.offsets[start : stop + 1]
        text = self._vocabulary.text[offsets[0] : offsets[-1]].tobytes()
        bounds = (offsets - offsets[0]).tolist()
        return [
            self._replaced.get(index) or text[first:last]
            for index, first, last in zip(range(start, stop), bounds, bounds[1:], strict=False)
        ]

    def notes(self) -> list[str]:
        """Return what to tell the user: nothing, or one note on the words that were changed."""
        if not self._replaced:
            return []
        first = self._vocabulary[min(self._replaced)]
        count = len(self._replaced)
        words = "1 word with spaces was" if count == 1 else f"{count} words with spaces were"
        return [f"{words} written with _ (first: {first!r})"]


def _unwritable(vocabulary: Vocabulary) -> Iterator[int]:
    """Yield the row of each word that is empty or contains a space, in ascending order."""
    offsets = vocabulary.offsets
    for start in range(0, len(vocabulary), _SCANNED_WORDS):
        stop = min(start + _SCANNED_WORDS, len(vocabulary))
        bounds = offsets[start : stop + 1] - offsets[start]
        text = vocabulary.text[offsets[start] : offsets[stop]]
        spaces = np.flatnonzero((text == ord(" ")) | ((text >= ord("\t")) & (text <= ord("\r"))))
        with_spaces = np.searchsorted(bounds, spaces, side="right") - 1
        empty = np.flatnonzero(np.diff(bounds) == 0)
        yield from (start + np.union1d(with_spaces, empty)).tolist()
