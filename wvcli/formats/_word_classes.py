"""Words with the number of their class, a line each, as word2vec.c writes them with `-classes`.

    cat 12
    dog 12

The classes are whole numbers from 0. Many taggers and parsers read such a file.
"""

from collections.abc import Sequence
from pathlib import Path

from wvcli.formats._writable_words import WritableWords
from wvcli.vectors.vocabulary import Vocabulary

_WORDS_AT_ONCE = 4_096


def write_classes(vocabulary: Vocabulary, classes: Sequence[int], path: Path) -> list[str]:
    """Write words in their order, each with its class.

    Returns:
        Notes for the user on what was changed.

    Raises:
        WvcliError: two words would be written alike.
    """
    words = WritableWords(vocabulary)
    with path.open("wb") as file:
        for start in range(0, len(vocabulary), _WORDS_AT_ONCE):
            stop = min(start + _WORDS_AT_ONCE, len(vocabulary))
            lines = zip(words.between(start, stop), classes[start:stop], strict=True)
            file.write(b"".join([b"%b %d\n" % line for line in lines]))
    return words.notes()
