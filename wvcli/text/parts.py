"""A text divided into parts that can be read apart, on several machines: files, and whole lines of large ones."""

from collections.abc import Iterator

from wvcli.errors import UsageError
from wvcli.text import sources
from wvcli.text.corpus import Corpus, Part
from wvcli.text.sources import STDIN

PART_BYTES = 1 << 26  # of a part, about: some seconds of work, of which the numbers take little memory


def divide(corpus: Corpus, part_bytes: int = PART_BYTES) -> list[list[Part]]:
    """Divide a text; each list has files or parts of files that follow each other, of about as many bytes.

    A compressed file, one of Parquet or CSV, one that is a single JSON value, and a text in UTF-16 or UTF-32 is
    not divided, nor is what is at an address whose client cannot tell how long it is.

    Args:
        corpus: the text.
        part_bytes: of each list, about.

    Raises:
        UsageError: the text is in memory, or comes from standard input.
        InputError: a source cannot be read.
    """
    refuse_unshared(corpus)
    groups: list[list[Part]] = [[]]
    held = 0
    for part, size in _parts(corpus, part_bytes):
        if groups[-1] and held + size > part_bytes:
            groups.append([])
            held = 0
        groups[-1].append(part)
        held += size
    return groups


def refuse_unshared(corpus: Corpus) -> None:
    """Refuse a text that other machines cannot read.

    Raises:
        UsageError: it is in memory, or comes from standard input.
    """
    if corpus.texts_in_memory is not None or STDIN in corpus.files:
        what = "text from standard input" if STDIN in corpus.files else "texts in memory"
        raise UsageError(
            f"{what} cannot be read by the machines of a `cluster`",
            "write the text to files that all of them reach",
        )


def _parts(corpus: Corpus, part_bytes: int) -> Iterator[tuple[Part, int]]:
    """Yield the parts of a text, in order, each with its bytes."""
    for file in corpus.files:
        size = sources.size_of(file)
        if size is None or size <= part_bytes or sources.is_packed(file):
            yield Part(file), size or part_bytes
            continue
        kind = corpus.kind_of_lines(file)
        if kind is None:
            yield Part(file), size
            continue
        for start in range(0, size, part_bytes):
            stop = start + part_bytes if start + part_bytes < size else None
            yield Part(file, start, stop, kind), min(part_bytes, size - start)
