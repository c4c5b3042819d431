"""What text is read, and how: the sources, their encoding, where in a record the text is, and the tokenizer."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from wvcli.text.corpus import Corpus, Names, names_in
from wvcli.text.in_memory import TextsInMemory, names_or_texts
from wvcli.text.sources import IN_MEMORY, without_password
from wvcli.text.tokenizers import TokenizerSettings

Source = str | os.PathLike[str]  # a file, folder, glob, address, or `-` for standard input
Sources = Source | Sequence[Source] | Iterable[Source | Sequence[str]]  # or texts in memory, see `names_or_texts`

# The fields of `TextSettings` that a model's manifest records under "reading".
READING = ("encoding", "encoding_errors", "field", "column", "delimiter", "skip_bad", "stopwords_file")


@dataclass(frozen=True)
class TextSettings:
    """What text is read, and how: what must be the same for a run to be resumed.

    Attributes:
        sources: files, folders, globs, addresses, or `-` for standard input.
        tokenizer: how the text is split into words.
        encoding: of the text, by a name that Python knows.
        encoding_errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
        field: where in a JSON record the text is, as `a.b`; a tuple of several, each a text of its own.
        column: which column of CSV, TSV or Parquet holds the text; a tuple of several, each a text of its own.
        delimiter: what stands between the cells of a table: a character, or `tab`; None is told from the file.
        skip_bad: skip lines and records that cannot be read, and count them.
        stopwords_file: where the tokenizer's stop words were read from, if from a file.
        texts_in_memory: what is read instead of sources, which then are `IN_MEMORY`.
    """

    sources: tuple[str, ...]
    tokenizer: TokenizerSettings = attribute(default_factory=TokenizerSettings)
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    field: Names = None
    column: Names = None
    delimiter: str | None = None
    skip_bad: bool = False
    stopwords_file: str | None = None
    texts_in_memory: TextsInMemory | None = attribute(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("field", "column"):
            names = names_in(getattr(self, name), name)
            object.__setattr__(self, name, names if len(names) > 1 else next(iter(names), None))

    @classmethod
    def of(cls, sources: "Sources", **reading: Any) -> "TextSettings":
        """Return the settings for sources, or for texts of a Python program, and how they are read."""
        found = names_or_texts(sources)
        if isinstance(found, TextsInMemory):
            return cls((IN_MEMORY,), texts_in_memory=found, **reading)
        return cls(found, **reading)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TextSettings":
        """Return the settings that `to_json` returned as JSON."""
        tokenizer = TokenizerSettings.from_json(values["tokenizer"])
        return cls(**{**values, "sources": tuple(values["sources"]), "tokenizer": tokenizer})

    def corpus(self, files: Sequence[str] | None = None) -> Corpus:
        """Open the text.

        The lines of tables without `column` are texts where the tokenizer alone says what in them is a word.

        Args:
            files: of the text, what is opened of it; None for all that its sources name.

        Raises:
            UsageError: there is no such encoding, tokenizer or delimiter, or no source; or standard input is named
                twice.
            InputError: a source is missing.
        """
        return Corpus(
            self.sources if files is None else files,
            are_files=files is not None,
            encoding=self.encoding,
            errors=self.encoding_errors,
            field=self.field,
            column=self.column,
            delimiter=self.delimiter,
            texts_in_memory=self.texts_in_memory,
            lines_of_tables=self.tokenizer.kind.literal,
            skip_bad=self.skip_bad,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, without the passwords in addresses."""
        sources = [without_password(source) for source in self.sources]
        values = {name: value for name, value in self.__dict__.items() if name != "texts_in_memory"}
        several = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return {**values, **several, "sources": sources, "tokenizer": self.tokenizer.to_json()}
