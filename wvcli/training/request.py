"""What a run was asked for: the text, opened and with its tokenizer, and the settings, where None is `auto`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.models.model_file import ModelFile
from wvcli.text.corpus import Corpus, read_words
from wvcli.text.in_memory import TOKEN
from wvcli.text.settings import Source, TextSettings
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.kept_text import KeptText, find_kept_text
from wvcli.training.settings import TrainSettings

_BYTES_PER_TOKEN = 5.5  # of English text


@dataclass(frozen=True)
class TokenizerChoice:
    """What a user chose of a tokenizer's settings; None is not chosen.

    Attributes:
        name: the tokenizer.
        lowercase: whether words are written in lower case.
        min_length: words of fewer characters are left out.
        stopwords: words that are left out, or the path of a file that has one a line.
    """

    name: str | None = None
    lowercase: bool | None = None
    min_length: int | None = None
    stopwords: Sequence[str] | Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.stopwords, str):
            raise UsageError("`stopwords` must be a list of words or a Path, not a string")

    @property
    def stopwords_file(self) -> str | None:
        """The file of stop words, if they are in a file."""
        return os.fspath(self.stopwords) if isinstance(self.stopwords, Path) else None

    def for_text(self, text: TextSettings) -> "TokenizerChoice":
        """Return the choice for a text; a token of a list is a word as it is, unless a tokenizer was chosen."""
        are_tokens = text.texts_in_memory is not None and text.texts_in_memory.are_tokens
        if self.name is not None or not are_tokens:
            return self
        return replace(self, name=TOKEN, lowercase=bool(self.lowercase))

    def over(self, base: TokenizerSettings) -> TokenizerSettings:
        """Return the settings chosen, and those of `base` where none were.

        Raises:
            InputError: the file of stop words cannot be read.
        """
        words = read_words(self.stopwords) if isinstance(self.stopwords, Path) else self.stopwords
        chosen: dict[str, Any] = {
            "name": self.name,
            "lowercase": self.lowercase,
            "min_length": self.min_length,
            "stopwords": None if words is None else tuple(words),
        }
        return replace(base, **{name: value for name, value in chosen.items() if value is not None})


@dataclass(frozen=True)
class Request:
    """What a run was asked for.

    Attributes:
        text: which text, and how it is read and split into words.
        source: the same text, opened; or as it was read and kept before; None where an unfinished run has read it.
        settings: the hyper-parameters; None is chosen when the text has been read.
    """

    text: TextSettings
    source: Corpus | KeptText | None
    settings: TrainSettings

    @classmethod
    def of(
        cls,
        text: TextSettings,
        tokenizer: TokenizerChoice,
        settings: Mapping[str, Any],
        like: Source | ModelFile | None = None,
    ) -> "Request":
        """Open the text, and complete what a user chose by what a model or kept text says.

        Args:
            text: which text; its tokenizer is decided here.
            tokenizer: what was chosen of the tokenizer.
            settings: what was chosen of `TrainSettings`, by name; None is not chosen.
            like: a model whose tokenizer and settings are taken where nothing was chosen.

        Raises:
            UsageError: a setting is unknown, out of its limits, or without effect; or the text was read before,
                and split in another way.
            InputError: a source, the model or the file of stop words cannot be read.
        """
        text = replace(text, stopwords_file=tokenizer.stopwords_file)
        kept = find_kept_text(text)
        read_as = None if kept is None else TextSettings.from_json(kept.about["text"])
        if like is None:
            base, wanted = (read_as or text).tokenizer, TrainSettings.of(settings)
        else:
            model = like if isinstance(like, ModelFile) else model_file.open_model(Path(like))
            manifest = model.manifest
            if "imported" in manifest:
                raise UsageError(f"{model.path} was imported and does not record all of how it was trained")
            with model_file.reading_manifest(model.path):
                base = TokenizerSettings.from_json(manifest["tokenizer"])
                trained_by = TrainSettings(**manifest["settings"])
            wanted = TrainSettings.of(settings, trained_by)
        tokenized = tokenizer.over(base)
        if kept is None or read_as is None:
            text = replace(text, tokenizer=tokenized)
            return cls(text, text.corpus(), wanted)
        if tokenized != read_as.tokenizer:
            raise UsageError(
                f"the text in {kept.folder} was split into words in another way", "train from its sources instead"
            )
        return cls(read_as, kept, wanted)

    def likely_tokens(self) -> int:
        """Return how many tokens there may be, by the size of the text; 0 when its size is unknown."""
        if self.source is None:
            return 0
        if isinstance(self.source, KeptText):
            return self.source.tokens
        return int((self.source.size() or 0) / _BYTES_PER_TOKEN)
