"""The n-grams of one text with their names, in Python: what explains, and answers for few texts at once.

They come in the order in which the compiled loops of `ngram_loops` find them, with the same hashes.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from wvcli.classification import ngram_hashes
from wvcli.classification.ngram_hashes import Hashes
from wvcli.classification.settings import ClassifierSettings

Kind = Literal["word", "words", "characters"]
KINDS: tuple[Kind, ...] = ("word", "words", "characters")  # the parts of a row, in order

Ngram = tuple[int, str, tuple[int, ...]]  # its hash, its text, and the places of its words


def ngrams_of(words: Sequence[str], settings: ClassifierSettings, kind: Kind) -> Iterator[Ngram]:
    """Yield the hash, the text, and the places of the words of each n-gram, in the order of the compiled loops."""
    if kind == "word":
        for place, word in enumerate(words):
            yield ngram_hashes.word_hash(word), word, (place,)
    elif kind == "words":
        if settings.ngrams > 1:
            yield from _of_words(words, settings.ngrams)
    else:
        yield from _of_characters(words, settings)


def _of_words(words: Sequence[str], longest: int) -> Iterator[Ngram]:
    size = len(words) + 2
    places = ((start, end) for start in range(size) for end in range(start + 1, min(size, start + longest)))
    for (start, end), (hashed, _) in zip(places, ngram_hashes.word_ngrams(words, longest), strict=True):
        inside = tuple(place for place in range(start - 1, end) if 0 <= place < len(words))
        shown = " ".join(words[place] for place in inside)
        yield hashed, ("^ " if start == 0 else "") + shown + (" $" if end == size - 1 else ""), inside


def _of_characters(words: Sequence[str], settings: ClassifierSettings) -> Iterator[Ngram]:
    are_ideographic = ngram_hashes.ideographic(words)
    run: list[int] = []
    for place in range(len(words) + 1):
        if place < len(words) and are_ideographic[place]:
            run.append(place)
            continue
        if run and settings.ideographs:
            of_character = [each for each in run for _ in words[each]]
            text = "".join(words[each] for each in run)
            longest = settings.ideographs
            spans = (
                (at, end) for at in range(len(text)) for end in range(at + 1, min(len(text), at + longest) + 1)
            )
            for (at, end), (hashed, name) in zip(spans, ngram_hashes.ideograph_ngrams(text, longest), strict=True):
                yield hashed, name, tuple(dict.fromkeys(of_character[at:end]))
        run = []
        if place < len(words) and settings.characters:
            for hashed, name in ngram_hashes.character_ngrams(words[place], *settings.characters):
                yield hashed, name, (place,)


def numbers_of(ngrams: Sequence[Ngram], hashes: Hashes) -> list[int]:
    """Return the place of the hash of each n-gram among `hashes`, which ascend; -1 for one that is not there."""
    if not len(hashes):
        return [-1] * len(ngrams)
    asked = np.fromiter((hashed for hashed, _, _ in ngrams), dtype=np.uint64, count=len(ngrams))
    places = np.minimum(np.searchsorted(hashes, asked), len(hashes) - 1)
    return [
        int(place) if is_there else -1 for place, is_there in zip(places, hashes[places] == asked, strict=True)
    ]
