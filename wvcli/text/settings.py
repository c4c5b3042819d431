"""What is read and how: the sources, the tokenizer, and the ways to decode them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from wvcli.text.corpus import Corpus
from wvcli.text.sources import without_password
from wvcli.text.tokenizers import TokenizerSettings

Source = str | os.PathLike[str]
READING = ("encoding", "encoding_errors", "field", "column", "skip_bad", "stopwords_file")


@dataclass(frozen=True)
class TextSettings:
    """Which text, and how it is read: what must be the same for a run to be resumed."""

    sources: tuple[str, ...]
    tokenizer: TokenizerSettings = attribute(default_factory=TokenizerSettings)
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    field: str | None = None
    column: str | None = None
    skip_bad: bool = False
    stopwords_file: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TextSettings":
        """The choices from what `to_json` gave."""
        tokenizer = TokenizerSettings.from_json(values["tokenizer"])
        return cls(**{**values, "sources": tuple(values["sources"]), "tokenizer": tokenizer})

    def corpus(self) -> Corpus:
        """The text, opened."""
        return Corpus(self.sources, self.encoding, self.encoding_errors, self.field, self.column, self.skip_bad)

    def to_json(self) -> dict[str, Any]:
        """The choices as a JSON object, without passwords."""
        sources = [without_password(source) for source in self.sources]
        return {**self.__dict__, "sources": sources, "tokenizer": self.tokenizer.to_json()}


def file_names(sources: Source | Sequence[Source]) -> tuple[str, ...]:
    """One source or several, as strings."""
    several = [sources] if isinstance(sources, str | os.PathLike) else sources
    return tuple(os.fspath(source) for source in several)
