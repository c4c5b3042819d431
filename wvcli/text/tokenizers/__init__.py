"""Tokenizers: each splits a text into words, and says by name and settings in the manifest how it did."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from wvcli.errors import UsageError
from wvcli.registry import Registry
from wvcli.text.spelling import in_ascii, normal, plain, without_variation

Tokenize = Callable[[str], list[str]]


@dataclass(frozen=True)
class Tokenizer:
    """A way to split text into words.

    Attributes:
        name: what users call it.
        about: one line for the help.
        make: gives the function that splits; its argument is what the user wrote after the colon in
            `name:ARGUMENT`, or an empty string. It imports what it needs when called.
        literal: leaves apostrophes and soft hyphens as they are.
        blanked: gives ASCII text with blanks between the words and nowhere else; None when the tokenizer's words
            are not found so. NULs, which stand between blanks, stay.
        verbatim: its words stand in the text letter for letter, but for selectors of variation.
    """

    name: str
    about: str
    make: Callable[[str], Tokenize]
    literal: bool = False
    blanked: Callable[[str], str] | None = None
    verbatim: bool = True


_FEW = 64  # words that are sought in a text sooner than it is split

registry: Registry[Tokenizer] = Registry("tokenizer", __name__)


@dataclass(frozen=True)
class TokenizerSettings:
    """Which tokenizer, and how; kept in the manifest so that every later text is split alike.

    Attributes:
        name: `auto`, `unicode`, `whitespace`, `chinese`, `japanese`, `korean`, or `regex:PATTERN`.
        lowercase: whether words are written in lower case.
        min_length: words of fewer characters are left out.
        stopwords: words that are left out.
    """

    name: str = "auto"
    lowercase: bool = True
    min_length: int = 1
    stopwords: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return {
            "name": self.name,
            "lowercase": self.lowercase,
            "min_length": self.min_length,
            "stopwords": list(self.stopwords),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TokenizerSettings":
        """The settings from a manifest."""
        return cls(values["name"], values["lowercase"], values["min_length"], tuple(values["stopwords"]))

    def tokenize(self) -> Tokenize:
        """The function that splits a text into words; the text is first brought to Unicode form NFC.

        Raises:
            UsageError: there is no such tokenizer, or its argument is wrong.
            MissingExtraError: the package it needs is not installed.
        """
        family, _, argument = self.name.partition(":")
        tokenizer = registry.get(family)
        if argument and family != "regex":
            raise UsageError(f"the tokenizer {family} takes no argument, but was given {argument!r}")
        split, lowercase = tokenizer.make(argument), self.lowercase
        if tokenizer.literal:
            return self._filtered(lambda text: split(normal(text, lowercase)))
        return self._filtered(lambda text: split(normal(text if text.isascii() else plain(text), lowercase)))

    def tokenize_joined(self) -> Tokenize | None:
        """What splits many texts in one, each in ASCII and followed by a NUL between two blanks.

        It gives the NULs among the words, and finds the same words as `tokenize`, faster. None where the tokenizer
        has no such way.
        """
        blanked, lowercase = registry.get(self.name.partition(":")[0]).blanked, self.lowercase
        if blanked is None:
            return None
        return self._filtered(lambda text: blanked(normal(text, lowercase)).split(), frozenset("\0"))

    def in_ascii(self, text: str) -> str | None:
        """ASCII text in which `tokenize_joined` finds the words of `text`, or None."""
        if text.isascii():
            return text
        return None if registry.get(self.name.partition(":")[0]).literal else in_ascii(plain(text))

    def may_find(self, words: Collection[str]) -> Callable[[str], bool]:
        """A quick test of a text: where it says no, `tokenize` finds none of these words there."""
        if not registry.get(self.name.partition(":")[0]).verbatim or len(words) > _FEW:
            return lambda text: True
        literal, lowercase = registry.get(self.name.partition(":")[0]).literal, self.lowercase
        sought = [without_variation(word) for word in words]

        def test(text: str) -> bool:
            if text.isascii():
                text = text.lower() if lowercase else text
            else:
                text = without_variation(normal(text if literal else plain(text), lowercase))
            return any(word in text for word in sought)

        return test

    def wanted(self) -> Callable[[str], bool] | None:
        """Whether a word is left in: no stop word and long enough; None where all are."""
        if self.min_length <= 1 and not self.stopwords:
            return None
        stopwords, least = (
            frozenset(normal(plain(word), self.lowercase) for word in self.stopwords),
            self.min_length,
        )
        return lambda word: len(word) >= least and word not in stopwords

    def _filtered(self, split: Tokenize, spared: frozenset[str] = frozenset()) -> Tokenize:
        """`split` without stop words and short words, but for those that are spared."""
        wanted = self.wanted()
        if wanted is None:
            return split
        return lambda text: [word for word in split(text) if wanted(word) or word in spared]
