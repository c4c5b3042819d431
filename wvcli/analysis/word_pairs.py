"""Words of two models that mean the same: from dictionaries, from words spelt alike, from parallel text."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wvcli.errors import InputError, UsageError
from wvcli.evaluation.tasks.translations import read_pairs
from wvcli.reporting import OnProgress, ReadingProgress
from wvcli.system.encodings import Encoding
from wvcli.text import sources
from wvcli.text.lines import BadRecord, open_lines
from wvcli.text.sources import display_name
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.vectors.geometry import RowArray
from wvcli.vectors.word_vectors import Vectors

LEAST_DICE = 0.3  # of the lines of two words that are taken for a pair; .2 to .4 gave the same score
_LEAST_TOGETHER = 3  # lines in which a pair occurs; what meets once or twice may do so by chance


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of words of two models.

    Attributes:
        rows: int64 [pairs, 2], the rows of both words, each pair once.
        read: how many pairs the dictionaries hold, or how many lines the parallel text has.
    """

    rows: RowArray
    read: int

    @property
    def words(self) -> int:
        """How many words of the source are in a pair."""
        return len(np.unique(self.rows[:, 0]))


def _as_rows(pairs: Sequence[tuple[int, int]]) -> RowArray:
    return np.array(list(dict.fromkeys(pairs)), dtype=np.int64).reshape(-1, 2)


def pairs_of_dictionaries(files: Sequence[str], source: Vectors, target: Vectors) -> Pairs:
    """Read dictionaries, and look their words up in the models.

    Words are looked up as in questions: in the form that the model's tokenizer writes, phrases joined by `_`.

    Raises:
        InputError: a file cannot be read, a line is not a word and its translation, or no pair has its words in
            the models.
    """
    read = list(dict.fromkeys(pair for file in files for pair in read_pairs(file)))
    rows = _looked_up(read, source, target)
    if not len(rows):
        names = ", ".join(map(display_name, files))
        swapped = _looked_up([(other, word) for word, other in read], source, target)
        raise InputError(
            f"of the {len(read):,} pairs in {names} none has the first word in {_name(source, 'the source')} "
            f"and the second in {_name(target, 'the target')}",
            "the languages are the other way round: exchange the models" if len(swapped) else "",
        )
    return Pairs(rows, len(read))


def _name(vectors: Vectors, otherwise: str) -> str:
    return str(vectors.path or otherwise)


def _looked_up(pairs: Sequence[tuple[str, str]], source: Vectors, target: Vectors) -> RowArray:
    found = ((source.index(word), target.index(other)) for word, other in pairs)
    return _as_rows([(row, other) for row, other in found if row is not None and other is not None])


def pairs_spelt_alike(source: Vectors, target: Vectors, top: int) -> Pairs:
    """Return the words that are among the first `top` of both models."""
    rows = {word: row for row, word in enumerate(source.vocabulary[:top])}
    found = [(rows[word], row) for row, word in enumerate(target.vocabulary[:top]) if word in rows]
    return Pairs(_as_rows(sorted(found)), len(found))


def pairs_of_parallel_text(
    files: Sequence[str], source: Vectors, target: Vectors, top: int, on_progress: OnProgress
) -> Pairs:
    """Find words that occur in the same lines of a text and its translation.

    Two words are a pair if each is the one that shares most lines with the other, by Dice's coefficient: twice the
    lines that have both, divided by the lines of the one and of the other.

    Args:
        files: one with a text, a tab and its translation a line, or two of as many lines; plain or compressed.
        source: the model of the text; its tokenizer splits the lines.
        target: the model of the translation.
        top: how many of the most frequent words of each are looked at.
        on_progress: called with the bytes read so far.

    Raises:
        UsageError: there are more than two files.
        InputError: a file cannot be read, a line has no tab or more than one, the numbers of lines differ, or no
            pair is found.
    """
    if len(files) > 2:
        raise UsageError(f"parallel text is one file or two, not {len(files)}", "give one `parallel` a language")
    progress = ReadingProgress(on_progress, sources.size(list(files)))
    lines = _of_one_file(files[0], progress) if len(files) == 1 else _of_two_files(files, progress)
    sides = _Postings(source, top), _Postings(target, top)
    count = 0
    for count, texts in enumerate(lines, 1):  # noqa: B007 - the last number is used
        for side, text in zip(sides, texts, strict=True):
            side.add(text)
    rows = _nearest_by_dice(*sides)
    if not len(rows):
        names = " and ".join(map(display_name, files))
        raise InputError(f"no two words of the models go together in the {count:,} lines of {names}")
    return Pairs(rows, count)


def _of_one_file(file: str, progress: ReadingProgress) -> Iterator[tuple[str, str]]:
    for number, line in _lines_of(file, progress):
        cells = line.split("\t")
        if len(cells) != 2:
            raise InputError(
                f"{display_name(file)}, line {number}: a text, a tab and its translation are expected, "
                f"found {len(cells)} field{'' if len(cells) == 1 else 's'}"
            )
        yield cells[0], cells[1]


def _of_two_files(files: Sequence[str], progress: ReadingProgress) -> Iterator[tuple[str, str]]:
    one, two = (_lines_of(file, progress) for file in files)
    count = 0
    for count, (_, text) in enumerate(one, 1):  # noqa: B007
        other = next(two, None)
        if other is None:
            raise _uneven(files)
        yield text, other[1]
    if next(two, None) is not None:
        raise _uneven(files)


def _uneven(files: Sequence[str]) -> InputError:
    one, two = map(display_name, files)
    return InputError(
        f"{one} and {two} differ in their numbers of lines", "line by line they must be translations"
    )


def _lines_of(file: str, progress: ReadingProgress) -> Iterator[tuple[int, str]]:
    with sources.reading(file, progress.add) as stream:
        for line in open_lines(stream, Encoding.of("utf-8", "strict")).whole():
            if isinstance(line, BadRecord):
                raise InputError(f"{display_name(file)}, line {line.number}: {line.what}")
            yield line


class _Postings:
    """In which lines each word of a model occurs.

    Args:
        vectors: the model.
        top: how many of its most frequent words are looked at.
    """

    def __init__(self, vectors: Vectors, top: int) -> None:
        self.words = min(top, len(vectors))
        self._row_of = _row_finder(vectors, self.words)
        self._tokenize = _tokenizer(vectors)
        self._rows, self._ends = array("q"), array("q", [0])

    def add(self, text: str) -> None:
        """Note the words of the next line."""
        found = {self._row_of(token) for token in self._tokenize(text)}
        found.discard(-1)
        self._rows.extend(found)
        self._ends.append(len(self._rows))

    def by_line(self) -> tuple[RowArray, RowArray]:
        """Return int64 [postings], the rows of words line after line, and int64 [lines + 1], where lines begin."""
        return np.array(self._rows, dtype=np.int64), np.array(self._ends, dtype=np.int64)

    def by_word(self) -> tuple[RowArray, RowArray]:
        """Return int64 [postings], the lines of each word one after the other, and int64 [words + 1]."""
        rows, ends = self.by_line()
        lines = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        starts = np.zeros(self.words + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=self.words), out=starts[1:])
        return lines[np.argsort(rows, kind="stable")], starts


def _tokenizer(vectors: Vectors) -> Callable[[str], list[str]]:
    recorded = vectors.manifest.get("tokenizer")
    settings = TokenizerSettings.from_json(recorded) if recorded else TokenizerSettings(lowercase=False)
    return settings.tokenize()


def _row_finder(vectors: Vectors, words: int) -> Callable[[str], int]:
    """Return what finds the row of a token, or of its lower case, once for each token; -1 where there is none."""
    known: dict[str, int] = {}

    def row_of(token: str) -> int:
        row = known.get(token)
        if row is None:
            found = vectors.vocabulary.find(token)
            if found is None:
                found = vectors.vocabulary.find(token.lower())
            row = known[token] = found if found is not None and found < words else -1
        return row

    return row_of


def _nearest_by_dice(source: _Postings, target: _Postings) -> RowArray:
    """Return int64 [pairs, 2], the words that share most lines with each other."""
    lines, starts = source.by_word()
    words, ends = target.by_line()
    occurrences = np.bincount(words, minlength=target.words)
    best_of_target = np.zeros(target.words)
    nearest_of_target = np.full(target.words, -1, dtype=np.int64)
    nearest_of_source = np.full(source.words, -1, dtype=np.int64)
    for row in range(source.words):
        own = lines[starts[row] : starts[row + 1]]
        if len(own) < _LEAST_TOGETHER:
            continue
        lengths = ends[own + 1] - ends[own]
        offsets = np.repeat(ends[own] - np.cumsum(lengths) + lengths, lengths)
        together = np.bincount(words[offsets + np.arange(len(offsets))], minlength=target.words)
        others = np.flatnonzero(together >= _LEAST_TOGETHER)
        dice = 2 * together[others] / (len(own) + occurrences[others])
        others, dice = others[dice >= LEAST_DICE], dice[dice >= LEAST_DICE]
        if len(others):
            nearest_of_source[row] = others[dice.argmax()]
            is_better = dice > best_of_target[others]
            best_of_target[others[is_better]] = dice[is_better]
            nearest_of_target[others[is_better]] = row
    rows = np.flatnonzero(nearest_of_source >= 0)
    mutual = rows[nearest_of_target[nearest_of_source[rows]] == rows]
    return np.stack([mutual, nearest_of_source[mutual]], axis=1)
