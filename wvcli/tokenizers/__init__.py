"""Tokenizers: each splits a text into words, and says by name and settings in the manifest how it did."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wvcli.errors import UsageError
from wvcli.registry import Registry

Tokenize = Callable[[str], list[str]]


@dataclass(frozen=True)
class Tokenizer:
    """A way to split text into words.

    Attributes:
        name: what users call it.
        about: one line for the help.
        make: gives the function that splits; its argument is what the user wrote after the colon in
            `name:ARGUMENT`, or an empty string. It imports what it needs when called.
    """

    name: str
    about: str
    make: Callable[[str], Tokenize]


registry: Registry[Tokenizer] = Registry("tokenizer", __name__)


@dataclass(frozen=True)
class TokenizerSettings:
    """Which tokenizer, and how; kept in the manifest so that every later text is split alike.

    Attributes:
        name: `auto`, `unicode`, `whitespace`, `chinese`, or `regex:PATTERN`.
        lowercase: whether words are written in lower case.
    """

    name: str = "auto"
    lowercase: bool = True

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return {"name": self.name, "lowercase": self.lowercase}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TokenizerSettings":
        """The settings from a manifest."""
        return cls(values["name"], values["lowercase"])

    def tokenize(self) -> Tokenize:
        """The function that splits a text into words; the text is first brought to Unicode form NFC.

        Raises:
            UsageError: there is no such tokenizer, or its argument is wrong.
        """
        family, _, argument = self.name.partition(":")
        tokenizer = registry.get(family)
        if argument and family != "regex":
            raise UsageError(f"the tokenizer {family} takes no argument, but was given {argument!r}")
        split = tokenizer.make(argument)
        if self.lowercase:
            return lambda text: split(_normal(text).lower())
        return lambda text: split(_normal(text))


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
