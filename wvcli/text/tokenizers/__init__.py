"""Tokenizers: each splits a text into words; its name and settings in the manifest say how."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

from wvcli.errors import UsageError
from wvcli.registry import Registry
from wvcli.text.spelling import normal, plain, spaced_ascii, without_variation

Tokenize = Callable[[str], list[str]]
Together = tuple[Tokenize, Callable[[str], bool]]  # splits texts in one, a NUL after each; which are not for it


@dataclass(frozen=True)
class Tokenizer:
    """A way to split text into words.

    Attributes:
        name: what users call it.
        about: one line for the help.
        make: returns the function that splits; its argument is what the user wrote after the colon in
            `name:ARGUMENT`, or an empty string. It imports what it needs when called.
        literal: leaves apostrophes and soft hyphens as they are.
        spaced: replaces whatever is in no word by spaces, in ASCII text that begins and ends with a space or NUL;
            NULs stay. None when the tokenizer's words cannot be found so.
        scanned_as: by which rules compiled loops find its words in text of alphabets (`wvcli.tokens.scanning`):
            Unicode's, or white space only. None when these find others.
        make_together: returns the function that splits many texts in one, each followed by a NUL, into words and
            these NULs, and the test which texts must be split alone. None where that is no faster.
        verbatim: its words stand in the text letter for letter, except for variation selectors.
    """

    name: str
    about: str
    make: Callable[[str], Tokenize]
    literal: bool = False
    spaced: Callable[[str], str] | None = None
    scanned_as: Literal["unicode", "whitespace"] | None = None
    make_together: Callable[[], Together] | None = None
    verbatim: bool = True


_MAX_SOUGHT = 64  # words that are looked for in a text faster than it is split

registry: Registry[Tokenizer] = Registry("tokenizer", __name__)


@dataclass(frozen=True)
class TokenizerSettings:
    """Which tokenizer is used, and how; recorded in the manifest so that every later text is split alike.

    Attributes:
        name: `auto`, `unicode`, `romance`, `whitespace`, `chinese`, `japanese`, `korean`, `icu`, or
            `regex:PATTERN`.
        lowercase: whether words are written in lower case.
        min_length: words of fewer characters are left out.
        stopwords: words that are left out.
    """

    name: str = "auto"
    lowercase: bool = True
    min_length: int = 1
    stopwords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        family, colon, argument = self.name.partition(":")
        object.__setattr__(self, "name", f"{family.lower()}{colon}{argument}")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {
            "name": self.name,
            "lowercase": self.lowercase,
            "min_length": self.min_length,
            "stopwords": list(self.stopwords),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TokenizerSettings":
        """Return the settings that a manifest holds."""
        return cls(
            name=values["name"],
            lowercase=values["lowercase"],
            min_length=values["min_length"],
            stopwords=tuple(values["stopwords"]),
        )

    @cached_property
    def kind(self) -> Tokenizer:
        """The tokenizer with this name, whatever its argument.

        Raises:
            UsageError: there is no such tokenizer.
        """
        return registry.get(self.name.partition(":")[0])

    def tokenize(self) -> Tokenize:
        """Return the function that splits a text into words; the text is first brought to Unicode form NFC.

        Raises:
            UsageError: there is no such tokenizer, or its argument is wrong.
            MissingExtraError: the package it needs is not installed.
        """
        family, _, argument = self.name.partition(":")
        if argument and family != "regex":
            raise UsageError(f"the tokenizer {family} takes no argument, but was given {argument!r}")
        split, lowercase = self.kind.make(argument), self.lowercase
        if self.kind.literal:
            return self._filtered(lambda text: split(normal(text, lowercase)))
        return self._filtered(lambda text: split(normal(text if text.isascii() else plain(text), lowercase)))

    def tokenize_joined(self) -> Tokenize | None:
        """Return the function that splits many texts in one, each in ASCII and followed by a NUL between spaces.

        It returns the NULs among the words, and finds the same words as `tokenize`, faster. None where the
        tokenizer has no such way.
        """
        spaced, lowercase = self.kind.spaced, self.lowercase
        if spaced is None:
            return None
        return self._filtered(lambda text: spaced(normal(text, lowercase)).split(), frozenset("\0"))

    def tokenize_several(self) -> Callable[[Sequence[str]], list[str]] | None:
        """Return the function that splits several texts, and returns the words of all, after those of each a NUL.

        It finds the same words as `tokenize`, faster. None where the tokenizer has no such way.
        """
        if self.kind.make_together is None:
            return None
        tokenize, lowercase, is_wanted = self.tokenize(), self.lowercase, self.is_wanted()
        split, is_alone = self.kind.make_together()

        def several(texts: Sequence[str]) -> list[str]:
            words: list[str] = []
            groups = groupby(texts, is_alone) if is_alone("".join(texts)) else [(False, iter(texts))]
            for alone, group in groups:
                if not alone:
                    words += split(normal(plain("\0".join([*group, ""])), lowercase))
                    continue
                for text in group:
                    words += [*tokenize(text), "\0"]
            return words if is_wanted is None else [word for word in words if word == "\0" or is_wanted(word)]

        return several

    def to_ascii(self, text: str) -> str | None:
        """Return ASCII text in which `tokenize_joined` finds the words of `text`; None if there is none."""
        if text.isascii():
            return text
        return None if self.kind.literal else spaced_ascii(plain(text))

    def may_find(self, words: Collection[str]) -> Callable[[str], bool]:
        """Return a quick test of a text: where it is False, `tokenize` finds none of these words there."""
        if not self.kind.verbatim or len(words) > _MAX_SOUGHT:
            return lambda text: True
        literal, lowercase = self.kind.literal, self.lowercase
        sought = [without_variation(word) for word in words]

        def test(text: str) -> bool:
            if text.isascii():
                text = text.lower() if lowercase else text
            else:
                text = without_variation(normal(text if literal else plain(text), lowercase))
            return any(word in text for word in sought)

        return test

    def is_wanted(self) -> Callable[[str], bool] | None:
        """Return the test whether a word is long enough and not a stop word; None where every word is."""
        if self.min_length <= 1 and not self.stopwords:
            return None
        min_length = self.min_length
        stopwords = frozenset(normal(plain(word), self.lowercase) for word in self.stopwords)
        return lambda word: len(word) >= min_length and word not in stopwords

    def _filtered(self, split: Tokenize, always_wanted: frozenset[str] = frozenset()) -> Tokenize:
        """Have `split` leave out stop words and short words."""
        is_wanted = self.is_wanted()
        if is_wanted is None:
            return split
        return lambda text: [word for word in split(text) if is_wanted(word) or word in always_wanted]
