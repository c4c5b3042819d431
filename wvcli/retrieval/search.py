"""Search: the passages whose meaning is nearest to a question, and by its words too if asked for."""

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import MissingWordError, UsageError
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, ReadingProgress, ignore_note, ignore_progress
from wvcli.retrieval.encoding import TextEncoder, scaled
from wvcli.retrieval.passages import By, Located, read_passages
from wvcli.retrieval.ranking import FUSED, Nearest, WordMatches, fused, term_counts
from wvcli.retrieval.search_index import EncodedPassages, Passages, SearchIndex, build, file_facts, why_stale
from wvcli.text.corpus import Corpus
from wvcli.text.settings import Sources, TextSettings
from wvcli.text.sources import IN_MEMORY, STDIN, display_name
from wvcli.tokens.shards import TEXT_END
from wvcli.vectors.word_vectors import Vectors

_BEGINNING = 300  # characters of a file that are shown


@dataclass(frozen=True)
class Hit:
    """A passage that was found.

    Attributes:
        rank: from 1.
        similarity: the cosine of its vector to that of the question; 0 where one of them has no known word.
        text: the passage; of a file its beginning.
        file: where it is.
        line: of its beginning, from 1.
        bm25: the score of the words that it shares with the question; None where words were not asked for.
    """

    rank: int
    similarity: float
    text: str
    file: str
    line: int
    bm25: float | None = None

    @property
    def place(self) -> str:
        """File and line, as compilers and `grep -n` write them."""
        return f"{self.file}:{self.line}"


class Searcher:
    """Searches some sources.

    Args:
        encoder: makes the vectors of questions and passages.
        sources: files, folders or globs; or texts of a program, for one question only. None with an index for
            those that it is of.
        by: what a passage is: a `line`, a `paragraph` between blank lines, or a `file`.
        index: the file of an index, which is made if it is missing or stale; None for none.
        reading: how sources are read, by the names of `wvcli.train`: `column`, `field`, `encoding` and so on.
        on_progress: called with how much is read.
        on_note: called with what is worth knowing, such as that an index was stale.

    Raises:
        UsageError: there is no source; or with an index, one that cannot be read again.
        InputError: a source is missing; or the file of the index is something else or damaged.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        sources: "Sources | None" = None,
        *,
        by: By = "line",
        index: str | PathLike[str] | None = None,
        reading: dict[str, Any] | None = None,
        on_progress: OnProgress = ignore_progress,
        on_note: OnNote = ignore_note,
    ) -> None:
        if by not in ("line", "paragraph", "file"):
            raise UsageError(f"`by` must be line, paragraph or file, not {by!r}")
        self._encoder, self._by = encoder, by
        self._on_progress, self._on_note = on_progress, on_note
        path = None if index is None else Path(index)
        found = SearchIndex.open(path) if path and path.exists() else None
        self._text = self._sources(sources, found, reading or {})
        self._index = None if path is None else self._fresh(path, found)

    def _sources(
        self, sources: "Sources | None", index: SearchIndex | None, reading: dict[str, Any]
    ) -> TextSettings:
        """Return what is read: what was named, or else what the index is of."""
        if sources is not None and sources != [] and sources != ():
            return TextSettings.of(sources, tokenizer=self._encoder.tokenizer, **reading)
        if index is None:
            raise UsageError("there is nothing to search", "name files, folders or globs")
        with model_file.reading_manifest(index.path):
            self._by = index.about["by"]
            recorded = dict(index.about["reading"])
            return TextSettings.of(index.about["sources"], tokenizer=self._encoder.tokenizer, **recorded)

    def _fresh(self, path: Path, index: SearchIndex | None) -> SearchIndex:
        """Return the index if it is not stale, or else a new one."""
        if set(self._text.sources) & {STDIN, IN_MEMORY}:
            raise UsageError("`index` needs sources that can be read again", "save the text to a file first")
        wanted = self._about()
        if index:
            why = why_stale(index.about, wanted)
            if why is None:
                return index
            self._on_note(f"{path} is stale: {why}; it is made again")
        build(path, self._read(), self._encoder.vectors.dim, wanted, overwrite=index is not None)
        return SearchIndex.open(path)

    def _about(self) -> dict[str, Any]:
        """Return what an index is made of."""
        settings = self._text.to_json()
        reading = ("encoding", "encoding_errors", "field", "column", "delimiter", "skip_bad")
        return {
            "sources": settings["sources"],
            "by": self._by,
            "reading": {name: settings[name] for name in reading},
            "encoder": self._encoder.identity(),
            "files": file_facts(self._text.corpus().files),
        }

    def _corpus(self) -> Corpus:
        corpus = self._text.corpus()
        corpus.on_note = self._on_note
        corpus.on_bytes = ReadingProgress(self._on_progress, corpus.size()).add
        return corpus

    def _read(self) -> Passages:
        """Yield the passages, some at a time, with their vectors and words, read with all processors."""
        corpus = self._corpus()
        waiting: deque[Located] = deque()  # passages that are being split

        def noted() -> Iterator[str]:
            for located in read_passages(corpus, self._by):
                waiting.append(located)
                yield located.text

        with closing(self._encoder.encode_all(noted(), corpus.size())) as encoded_batches:
            for encoded in encoded_batches:
                batch = encoded.batch
                ends = np.flatnonzero(batch.ids == TEXT_END)
                bounds = np.concatenate([[0], ends - np.arange(len(ends))])
                words = {word: number for number, word in enumerate(batch.words)}
                ids = np.delete(batch.ids, ends)
                passages = EncodedPassages(scaled(encoded.vectors), ids, bounds, words)
                yield [waiting.popleft() for _ in range(len(ends))], passages

    def find(self, query: str, topn: int = 10, *, hybrid: bool = False) -> list[Hit]:
        """Return the passages nearest to a question, nearest first.

        Args:
            query: the question.
            topn: how many, at most.
            hybrid: rank by the words that passages share with the question, too.

        Raises:
            MissingWordError: no word of the question is known, so that it has no vector; with `hybrid` words will
                do.
            UsageError: `topn` is below 1, or with `hybrid` and no index a source cannot be read twice.
            InputError: a source cannot be read.
        """
        if topn < 1:
            raise UsageError(f"`topn` must be at least 1, not {topn}")
        if hybrid and self._index is None and set(self._text.sources) & {STDIN, IN_MEMORY}:
            raise UsageError("`hybrid` reads the text twice", "save it to a file first")
        asked = self._encoder.encode_some([query])
        if not asked.known[0] and not hybrid:
            raise MissingWordError(
                f"no word of {query!r} is in the vocabulary", "`hybrid` finds words as they are"
            )
        terms = list(dict.fromkeys(asked.batch.words))
        nearest = Nearest(scaled(asked.vectors)[0], max(topn, FUSED) if hybrid else topn)
        matches = WordMatches(len(terms))
        held: dict[int, Located] = {}
        start = 0
        for located, passages in ((None, each) for each in self._index.blocks()) if self._index else self._read():
            kept = nearest.add(start, passages.units)
            if hybrid:
                numbers = [passages.words.get(term, -1) for term in terms]
                counts = term_counts(passages.ids.astype(np.int64), passages.bounds, numbers)
                matches.add(start, counts, np.diff(passages.bounds))
            if located is not None:
                held |= {number: located[number - start] for number in kept.tolist()}
                if len(held) > 2 * len(nearest.numbers) + FUSED:
                    held = {number: held[number] for number in nearest.numbers.tolist()}
            start += len(passages.units)
        return self._hits(nearest, matches if hybrid else None, held, topn)

    def _hits(
        self, nearest: Nearest, matches: WordMatches | None, held: dict[int, Located], topn: int
    ) -> list[Hit]:
        """Return the best passages with their texts."""
        similarities = dict(zip(nearest.numbers.tolist(), nearest.similarities.tolist(), strict=True))
        scores: dict[int, float] = {}
        best = nearest.numbers
        if matches:
            numbers, values = matches.best(max(topn, FUSED))
            scores = dict(zip(numbers.tolist(), values.tolist(), strict=True))
            best = fused(nearest.numbers, numbers)
        chosen = best[:topn].tolist()
        located = self._located(chosen, held)
        return [
            Hit(
                rank,
                self._rounded(similarities.get(number), located[number], nearest),
                self._shown(located[number].text),
                display_name(located[number].file),
                located[number].line,
                scores.get(number, 0.0) if matches else None,
            )
            for rank, number in enumerate(chosen, 1)
        ]

    def _shown(self, text: str) -> str:
        is_long = self._by == "file" and len(text) > _BEGINNING
        return f"{text[:_BEGINNING]}…" if is_long else text

    def _rounded(self, similarity: float | None, passage: Located, nearest: Nearest) -> float:
        """Return a similarity of 1 at most, computed here if the passage was found by its words alone."""
        if similarity is None:
            units = scaled(self._encoder.encode_some([passage.text]).vectors)
            similarity = float(units[0] @ nearest.query)
        return min(1.0, max(-1.0, similarity))

    def _located(self, numbers: list[int], held: dict[int, Located]) -> dict[int, Located]:
        """Return passages by their numbers, reading the sources again for those that were not kept."""
        if self._index:
            return {number: self._index.passage(number) for number in numbers}
        missing = set(numbers) - held.keys()
        if missing:
            for number, passage in enumerate(read_passages(self._corpus(), self._by)):
                if number in missing:
                    held[number] = passage
                    missing.remove(number)
                if not missing:
                    break
        return held


def search(
    query: str,
    sources: "Sources | None" = None,
    model: Vectors | TextEncoder | str | PathLike[str] | None = None,
    *,
    topn: int = 10,
    by: By = "line",
    hybrid: bool = False,
    index: str | PathLike[str] | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
) -> list[Hit]:
    """Return the passages of some sources whose meaning is nearest to a question, nearest first.

    Args:
        query: the question, a text of any length.
        sources: what to search, as the sources of `wvcli.train`; None with an index for what that is of.
        model: vectors, the file of a model, or a `TextEncoder`; None for the newest model in the current folder.
        topn: how many passages, at most.
        by: what a passage is: a `line`, a `paragraph` between blank lines, or a `file`.
        hybrid: rank by the words that passages share with the question, too (BM25).
        index: a file that keeps the passages and their vectors, made if it is missing and again if it is stale.
        on_progress: called with how much is read.
        on_note: called with what is worth knowing, such as that the index was stale.

    Raises:
        MissingWordError: no word of the question is in the vocabulary.
        UsageError: there is no source, or `topn` is below 1.
        InputError: a source, the model or the index cannot be read.

    Example:
        >>> import wvcli
        >>> [hit] = wvcli.search("hungry cats", iter(["the cat was hungry", "a loaf of bread"]), topn=1)
        >>> hit.rank, hit.line, hit.text
        (1, 1, 'the cat was hungry')
    """
    encoder = model if isinstance(model, TextEncoder) else TextEncoder(model)
    searcher = Searcher(encoder, sources, by=by, index=index, on_progress=on_progress, on_note=on_note)
    return searcher.find(query, topn, hybrid=hybrid)
