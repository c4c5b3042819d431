"""Looking up the words of questions, and telling what is missing, rare or without an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from wvcli.cli.questions.input import Batch
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Row
from wvcli.cli.streams.stderr import Tally
from wvcli.errors import ExitCode, MissingWordError, UsageError

if TYPE_CHECKING:
    from wvcli.vectors.word_vectors import Lookup, Vectors

_RARE = "?"  # stands beside what is not to be trusted


@dataclass
class WordLookup:
    """Looks words up under a policy for missing ones, and keeps account of them.

    Attributes:
        vectors: where to look.
        policy: `error`, `skip`, `null`, `subword` or `random`; None is `subword` for a model that has them
            and else `error`.
        alone: whether the command was asked about a single word, so that its absence is the answer.
    """

    vectors: "Vectors"
    policy: str | None
    alone: bool
    _neighbors: int = 0
    _rare_neighbors: int = 0

    def __post_init__(self) -> None:
        from wvcli.vectors.word_vectors import TRUSTED_COUNT

        self._missing = Tally("words in all are not in the vocabulary")
        self._from_subwords = Tally("words in all were answered from their subwords")
        self._unanswered = Tally("questions in all have no answer")
        self._rare = Tally(f"words in all occur fewer than {TRUSTED_COUNT} times")
        if self.policy == "subword" and self.vectors.subwords is None:
            raise UsageError("this model has no subwords", "--missing subword needs a FastText model")
        if self.policy is None:
            self.policy = "subword" if self.vectors.subwords else "error"

    def find(self, word: str) -> "Lookup | None":
        """What is known of a word, or None when nothing is; tells the user according to the policy.

        Raises:
            MissingWordError: the only word asked about is missing, and the policy is `error`.
        """
        found = self.vectors.find(word)
        if found is not None and found.index is None:
            if self.policy == "subword":
                if self._from_subwords.should_name():
                    stderr.note(f"{word!r} is not in the vocabulary (oov); answered from its subwords")
                return found
            found = None
        if found is None and self.policy in ("error", "subword"):
            self._tell_missing(word)
        return found

    def find_all(self, words: list[str]) -> "list[Lookup] | None":
        """What is known of the words of one question, or None when one is missing; every missing one is told."""
        found = [known for word in words if (known := self.find(word)) is not None]
        return found if len(found) == len(words) else None

    def tell_nothing(self, words: list[str]) -> None:
        """Tell that a question with all its words has no answer; beyond some, this is counted."""
        if self._unanswered.should_name():
            stderr.note(f"there is no answer for {' '.join(map(repr, words))}")

    def tell_rare(self, words: "list[Lookup]") -> None:
        """Tell which words of a question are too rare to trust its answer; beyond some, they are counted."""
        for word in words:
            if word.index is not None and self.vectors.is_rare(word.index) and self._rare.should_name():
                times = self.vectors.count(word.index)
                often = "once" if times == 1 else f"{times} times"
                stderr.note(f"{word.word!r} occurs {often}; its neighbours are not to be trusted")

    def mark(self, index: int) -> str | None:
        """What stands beside a neighbour: a mark if it is too rare to be trusted as one."""
        self._neighbors += 1
        if not self.vectors.is_rare(index):
            return None
        self._rare_neighbors += 1
        return _RARE

    def _sum_up_rare_neighbors(self) -> None:
        from wvcli.vectors.word_vectors import TRUSTED_COUNT

        if self._rare_neighbors:
            frequent, one = self.vectors.frequent, self._rare_neighbors == 1
            stderr.note(
                f"{self._rare_neighbors:,} of {self._neighbors:,} neighbours ({_RARE}) "
                f"{'occurs' if one else 'occur'} fewer than {TRUSTED_COUNT} times and {'is' if one else 'are'} "
                "not to be trusted" + (f"; --restrict-top {frequent} leaves such words out" if frequent else "")
            )

    def _tell_missing(self, word: str) -> None:
        if not self._missing.should_name():
            return
        from wvcli.vectors.near_spellings import near_spellings

        near = near_spellings(self.vectors.vocabulary, word)
        hint = f"did you mean {', '.join(near)}?" if near else ""
        problem = MissingWordError(f"{word!r} is not in the vocabulary", hint)
        if self.alone:
            raise problem
        stderr.error(problem)

    def finish(self) -> None:
        """Sum up what was not named, and end with the exit code for missing words if there were any."""
        for tally in (self._from_subwords, self._unanswered, self._rare):
            tally.sum_up()
        self._sum_up_rare_neighbors()
        self._missing.sum_up()
        if self._missing.count:
            raise typer.Exit(ExitCode.MISSING_WORD)


def single_rows(
    batch: Batch,
    finder: WordLookup,
    answer: "Callable[[list[str], list[Lookup]], Row]",
    nothing: Callable[[list[str]], Row],
) -> list[Row]:
    """The rows of questions that have one answer each, in order.

    Args:
        batch: the words of each question.
        finder: looks them up.
        answer: the row for the words of a question and what is known of them.
        nothing: with `--missing null`, the row for a question with a missing word.
    """
    rows = []
    for words in batch:
        found = finder.find_all(words)
        if found is not None:
            rows.append(answer(words, found))
        elif finder.policy == "null":
            rows.append(nothing(words))
    return rows
