"""A text divided into parts that can be read apart, on several machines: files, and whole lines of large ones."""

from collections.abc import Iterator

from wvcli.errors import UsageError
from wvcli.text import sources
from wvcli.text.corpus import Corpus, Part
from wvcli.text.sources import STDIN

PART_BYTES = 1 << 26  # of a part, about: some seconds of work, of which the numbers take little memory


def divide(corpus: Corpus, part_bytes: int = PART_BYTES) -> list[list[Part]]:
    """Divide a text; each list has files or parts of files that follow each other, of about as many bytes.

    Parquet is divided between its row groups, by the bytes of the text in them. A compressed file, one of CSV, one
    that is a single JSON value, and a text in UTF-16 or UTF-32 is not divided, nor is what is at an address that
    can only be read from its beginning.

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
        size = corpus.size_of(file)
        if size is None or size <= part_bytes or not sources.can_seek(file):
            yield Part(file), part_bytes if size is None else size
            continue
        if (groups := corpus.row_groups(file)) is not None:
            yield from _row_groups(file, groups, part_bytes)
            continue
        if sources.is_packed(file):
            yield Part(file), size
            continue
        kind = corpus.kind_of_lines(file)
        if kind is None:
            yield Part(file), size
            continue
        for start in range(0, size, part_bytes):
            stop = start + part_bytes if start + part_bytes < size else None
            yield Part(file, start, stop, kind), min(part_bytes, size - start)


def _row_groups(file: str, sizes: list[int], part_bytes: int) -> Iterator[tuple[Part, int]]:
    """Yield the parts of a file of Parquet, each with its bytes.

    Args:
        file: a path or an address.
        sizes: the bytes of each row group.
        part_bytes: of each part, about.
    """
    start = held = 0
    for number, size in enumerate(sizes):
        if number > start and held + size > part_bytes:
            yield Part(file, start, number, "parquet"), held
            start, held = number, 0
        held += size
    yield Part(file, start, len(sizes), "parquet"), held
