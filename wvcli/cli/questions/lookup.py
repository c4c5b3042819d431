"""Look up the words of questions, and report those that are missing, rare or without an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

import typer

from wvcli.cli.questions.input import Batch, is_file
from wvcli.cli.questions.unanswered import MISSING, NO_NEIGHBOR, UnansweredFile
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Row
from wvcli.cli.streams.stderr import Tally
from wvcli.errors import ExitCode, MissingWordError, UsageError

if TYPE_CHECKING:
    from wvcli.vectors.geometry import FloatArray
    from wvcli.vectors.neighbors import Neighbor
    from wvcli.vectors.word_vectors import Lookup, Vectors

RARE = "?"  # marks a word whose vector is unreliable
HAVE_SUBWORDS = "FastText models have some, and those trained or imported with --unknown-words subwords"


@dataclass(frozen=True)
class Crossing:
    """The way from one model to another that is aligned with it.

    Attributes:
        map: returns a vector of the first, float32 [n, dim], in the space of both.
        answers: the other model with its vectors in that space.
    """

    map: "Callable[[FloatArray], FloatArray]"
    answers: "Vectors"

    def of(self, word: "Lookup") -> "Lookup":
        """Return a word that was looked up in the first model as a vector to ask the other."""
        return replace(word, index=None, vector=self.map(word.vector[None])[0])


@dataclass
class WordLookup:
    """Looks up words under a policy for missing ones, and reports what was missing, rare or without an answer.

    Attributes:
        vectors: where to look.
        policy: `error`, `skip`, `null`, `subword` or `random`; None is `subword` for a FastText model and else
            `error`.
        alone: whether the command was asked about a single word, so that its absence is the answer.
        command: the name of the command, for what it advises to type.
        unanswered: the note about a question without an answer; `{}` stands for its words.
        unanswered_file: where the questions without an answer are listed, if anywhere.
        has_marks: whether rare answers are marked, as in a table.
        rare: whether the user asked for rare answers, or for none; None where neither.
        hint: returns what to do about a missing word that is a word elsewhere, or an empty string.
        crossing: the way from `vectors` to another model in one space, where the answers are words of that one.
    """

    vectors: "Vectors"
    policy: str | None
    alone: bool
    command: str
    unanswered: str = "no answer for {}"
    unanswered_file: UnansweredFile | None = None
    has_marks: bool = False
    rare: bool | None = None
    hint: Callable[[str], str] = lambda word: ""
    crossing: "Crossing | None" = None
    _neighbors: int = 0
    _rare_neighbors: int = 0
    _left_out: int = 0
    _asked: int = 0
    _skipped: int = 0

    def __post_init__(self) -> None:
        from wvcli.vectors.word_vectors import TRUSTED_COUNT

        self._missing = Tally("words in total are not in the vocabulary")
        self._from_subwords = Tally("words in total were answered from their subwords")
        self._unanswered = Tally("questions in total have no answer")
        self._rare = Tally(f"words in total occur fewer than {TRUSTED_COUNT} times")
        if self.policy == "subword" and self.vectors.subwords is None:
            raise UsageError("this model has no subwords", HAVE_SUBWORDS)
        if self.policy is None:
            self.policy = "subword" if self.vectors.answers_unknown_words else "error"

    @property
    def answers_from(self) -> "Vectors":
        """The model whose words are answers."""
        return self.vectors if self.crossing is None else self.crossing.answers

    def crossed(self, words: "list[Lookup] | None") -> "list[Lookup] | None":
        """Return the words of a question as vectors in the space of the model that is asked; None for None."""
        if words is None or self.crossing is None:
            return words
        return [self.crossing.of(word) for word in words]

    def find(self, word: str) -> "Lookup | None":
        """Return what is known about a word, or None, and report a missing one as the policy says.

        Raises:
            MissingWordError: the only word asked about is missing, and the policy is `error`.
        """
        found = self.vectors.find(word, from_subwords=self.policy == "subword")
        if found is not None and found.index is None:
            self._from_subwords.add()
            if self._from_subwords.is_named:
                hint = self._likely_meant(word)
                stderr.note(
                    f"{word!r} is not in the vocabulary (oov); answered from its subwords"
                    + (f"; {hint}" if hint else "")
                )
        if found is None and self.policy in ("error", "subword"):
            self._report_missing(word)
        return found

    def find_all(self, words: list[str]) -> "list[Lookup] | None":
        """Return what is known about the words of a question, or None if one is missing; report all that are."""
        try:
            found = [known for word in words if (known := self.find(word)) is not None]
        except MissingWordError:
            self._list(MISSING, words)
            raise
        self._asked += 1
        if len(found) == len(words):
            return found
        self._list(MISSING, words)
        self._skipped += self.policy == "skip"
        return None

    def report_unanswered(self, words: list[str]) -> None:
        """Report that a question about known words has no answer."""
        if self.unanswered_file is None:
            self._unanswered.note(self.unanswered.format(" ".join(map(repr, words))))
        else:
            self._unanswered.add()
        self._list(NO_NEIGHBOR, words)

    def _list(self, why: str, words: list[str]) -> None:
        if self.unanswered_file is not None:
            self.unanswered_file.add(why, words)

    def report_rare(self, words: "list[Lookup]") -> None:
        """Report the words of a question that are so rare that its answer is unreliable."""
        for word in words:
            if word.index is not None and self.vectors.is_rare(word.index):
                count = self.vectors.count(word.index)
                often = "once" if count == 1 else f"{count} times"
                self._rare.note(f"{word.word!r} occurs only {often}; its neighbours are unreliable")

    def count_neighbors(self, neighbors: "Sequence[Neighbor]") -> None:
        """Count the neighbours that were found, and the rare ones among them."""
        self._neighbors += len(neighbors)
        self._rare_neighbors += sum(self.answers_from.is_rare(neighbor.index) for neighbor in neighbors)

    def count_left_out(self, count: int) -> None:
        """Count rare words that were left out though they are nearer than answers."""
        self._left_out += count

    def _report_rare_neighbors(self) -> None:
        from wvcli.vectors.word_vectors import TRUSTED_COUNT

        if self._left_out:
            stderr.note(
                f"left out {self._left_out:,} nearer rare word{'' if self._left_out == 1 else 's'} "
                f"(fewer than {TRUSTED_COUNT} occurrences); --rare brings them back"
            )
        if self._rare_neighbors:
            stderr.note(
                f"{self._rare_neighbors:,} of {self._neighbors:,} neighbours "
                f"{'is' if self._rare_neighbors == 1 else 'are'} rare (fewer than {TRUSTED_COUNT} occurrences"
                f"{f', marked {RARE}' if self.has_marks else ''}) and unreliable"
                + ("; --no-rare leaves them out" if self.answers_from.frequent and self.rare is None else "")
            )

    def _report_missing(self, word: str) -> None:
        self._missing.add()
        if not self._missing.is_named or (self.unanswered_file and not self.alone):
            return
        hint = self._likely_meant(word) or self._near_spellings(word)
        problem = MissingWordError(f"{word!r} is not in the vocabulary", hint)
        if self.alone:
            raise problem
        stderr.error(problem)

    def _near_spellings(self, word: str) -> str:
        """Return what to type for a word: known words spelled alike, and once how to ask without them."""
        from wvcli.vectors.near_spellings import near_spellings

        near = near_spellings(self.vectors.vocabulary, word)
        hints = [f"did you mean {', '.join(near)}?"] if near else []
        if self._missing.count == 1 and self.policy == "error" and self.vectors.subwords is not None:
            hints.append("--missing subword answers from its n-grams")
        return " ".join(hints)

    def _likely_meant(self, word: str) -> str:
        """Return what to type for a word that is a file, a word elsewhere, or several words; else nothing."""
        if is_file(word):
            return f"for the words in that file: wvcli {self.command} - < {quote(word)}"
        if hint := self.hint(word):
            return hint
        parts = word.split()
        if len(parts) > 1 and all(part in self.vectors for part in parts):
            together = "--together takes its words as one question, and " if self.command == "similar" else ""
            return f"{together}a model trained with --phrases has phrases as words"
        return ""

    def finish(self) -> None:
        """Report the totals, and exit with the code for missing words if there were any.

        Where the questions without an answer are listed in a file, nothing else is said of them.
        """
        for tally in (self._from_subwords, self._rare):
            tally.report_total()
        self._report_rare_neighbors()
        listed = ""
        if self.unanswered_file is None:
            self._unanswered.report_total()
            self._missing.report_total()
        else:
            listed = f"; {self.unanswered_file.path} lists them"
            if without := self._unanswered.count:
                stderr.note(f"{without:,} question{' has' if without == 1 else 's have'} no answer{listed}")
            if missing := self._missing.count:
                number = "1 word is" if missing == 1 else f"{missing:,} words are"
                stderr.error(MissingWordError(f"{number} not in the vocabulary{listed}"))
        if self._skipped:
            stderr.note(
                f"skipped {self._skipped:,} of {self._asked:,} questions: they have words outside the vocabulary"
                + listed
            )
        if self._missing.count:
            raise typer.Exit(ExitCode.MISSING_WORD)


def single_rows(
    batch: Batch,
    lookup: WordLookup,
    answer: "Callable[[list[str], list[Lookup]], Row]",
    nothing: Callable[[list[str]], Row],
) -> list[Row]:
    """Return the rows of questions that have one answer each, in order.

    Args:
        batch: the words of each question.
        lookup: looks them up.
        answer: makes the row from the words of a question and what is known about them.
        nothing: with `--missing null`, makes the row of a question with a missing word.
    """
    rows = []
    for words in batch:
        found = lookup.find_all(words)
        if found is not None:
            rows.append(answer(words, found))
        elif lookup.policy == "null":
            rows.append(nothing(words))
    return rows
