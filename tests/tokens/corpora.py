"""Corpora for the tests, made of texts that are split already, and the texts of a corpus."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wvcli.tokens.batches import Batch, Numbering
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.provisional_corpus import ProvisionalCorpus


def number_texts(texts: Iterable[Sequence[str]], folder: Path, **limits: int) -> ProvisionalCorpus:
    """Number the tokens of texts, one text at a time."""
    return ProvisionalCorpus.of_batches(map(_batch, texts), folder, **limits)


def _batch(tokens: Sequence[str]) -> Batch:
    numbering = Numbering()
    numbering.add(tokens)
    return numbering.batch()


def sentences(corpus: EncodedCorpus, stretch: int = 1_000) -> Iterator[list[str]]:
    """Yield the texts of a corpus that have a word left, from stretches of a number of tokens."""
    for part in corpus.stretches(stretch):
        yield from corpus.sentences(part)
