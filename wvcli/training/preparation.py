"""Before training: the text read once and encoded, and every setting that was `auto` chosen."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, UsageError, install_line
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, ReadingProgress, ignore_note
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus, read_words
from wvcli.text.settings import READING, Source, TextSettings
from wvcli.text.sources import without_password
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import kept_text, phrases
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.kept_text import KeptText, find_kept_text
from wvcli.tokens.phrases import Phrases
from wvcli.tokens.provisional_corpus import ProvisionalCorpus, require_words
from wvcli.tokens.tokenizing import batches
from wvcli.training.settings import TrainSettings, auto_buckets, auto_settings

# Tokens with these characters, the name of these, and what splits such text better than `auto`.
_BETTER = (
    (r"[\p{Hiragana}\p{Katakana}]", "kana", "Japanese", "japanese", "ja"),
    (r"\p{Hangul}", "Hangul", "Korean", "korean", "ko"),
)
_MANY = 0.01  # of the tokens, from which on the above is told


def resolve_inputs(
    text: TextSettings,
    tokenizer: Mapping[str, Any],
    stopwords: Sequence[str] | Path | None,
    settings: Mapping[str, Any],
    like: Source | None = None,
) -> tuple[Corpus | KeptText, TextSettings, TrainSettings]:
    """The text opened, with its tokenizer, and the settings wanted; arguments and errors as for `train`."""
    if isinstance(stopwords, str):
        raise UsageError("stopwords must be a list of words or a Path, not a string")
    if isinstance(stopwords, Path):
        text, stopwords = replace(text, stopwords_file=os.fspath(stopwords)), read_words(stopwords)
    encoded = find_kept_text(text)
    chosen = {**tokenizer, "stopwords": None if stopwords is None else tuple(stopwords)}
    text, wanted = resolve_settings(text, chosen, settings, like, encoded)
    return encoded or text.corpus(), text, wanted


def resolve_settings(
    text: TextSettings,
    tokenizer: Mapping[str, Any],
    settings: Mapping[str, Any],
    like: Source | None = None,
    encoded: KeptText | None = None,
) -> tuple[TextSettings, TrainSettings]:
    """The text with its tokenizer, and the settings wanted.

    Args:
        text: which text; its tokenizer is decided here.
        tokenizer: what was chosen of the fields of `TokenizerSettings`; None is not chosen.
        settings: what was chosen of the fields of `TrainSettings`; None is not chosen.
        like: a model from which what was not chosen is taken.
        encoded: the text, if it was read before.

    Raises:
        UsageError: a setting is unknown, out of its limits, or without effect; or the text was read before, and
            split in another way.
        InputError: the model cannot be read.
    """
    chosen = {name: value for name, value in tokenizer.items() if value is not None}
    earlier = TextSettings.from_json(encoded.about["text"]) if encoded else None
    if like is None:
        base, wanted = (earlier or text).tokenizer, TrainSettings.of(settings)
    else:
        manifest = model_file.open_model(Path(like)).manifest
        if "imported" in manifest:
            raise UsageError(f"{like} was imported and does not tell all of how it was trained")
        base = TokenizerSettings.from_json(manifest["tokenizer"])
        wanted = TrainSettings.of(settings, TrainSettings(**manifest["settings"]))
    tokenized = replace(base, **chosen)
    if encoded is None or earlier is None:
        return replace(text, tokenizer=tokenized), wanted
    if tokenized != earlier.tokenizer:
        raise UsageError(
            f"the text in {encoded.folder} was split into words in another way", "train from its sources instead"
        )
    return earlier, wanted


@dataclass(frozen=True)
class Prepared:
    """A corpus encoded, and the settings complete.

    Attributes:
        encoded: what is trained on.
        settings: nothing in them is `auto` any more.
        fingerprint: of the text.
        skipped: bad lines and records passed over.
        phrases: the pairs of words joined in each pass, or None when none were to be.
    """

    encoded: EncodedCorpus
    settings: TrainSettings
    fingerprint: str
    skipped: int = 0
    phrases: Phrases | None = None

    def manifest(self, text: TextSettings) -> dict[str, Any]:
        """What the model file says about its text and settings."""
        return {
            "settings": self.settings.to_json(),
            "tokenizer": text.tokenizer.to_json(),
            "corpus": {
                "sources": [without_password(source) for source in text.sources],
                "texts": self.encoded.texts,
                "skipped": self.skipped,
                "sha256": self.fingerprint,
            },
            "reading": {name: getattr(text, name) for name in READING},
            **({} if self.phrases is None else {"phrases": {"found": list(map(len, self.phrases))}}),
        }

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """What the model file holds of its text beside the vocabulary."""
        if self.phrases is None:
            return {}
        pairs = json.dumps(self.phrases, ensure_ascii=False).encode("utf-8")
        return {"phrases.pairs": np.frombuffer(pairs, dtype=np.uint8)}


@dataclass(frozen=True)
class Known:
    """What a model that is to be trained further knows already.

    Attributes:
        words: with their counts so far.
        phrases: the pairs of words that were joined in each pass, or None when none were.
    """

    words: Mapping[str, int]
    phrases: Phrases | None


def prepare(
    text: TextSettings,
    source: Corpus | KeptText,
    wanted: TrainSettings,
    folder: Path,
    on_progress: OnProgress,
    known: Known | None = None,
    keep: Path | None = None,
    on_note: OnNote = ignore_note,
) -> Prepared:
    """Take up the encoded text in `folder`, if a run left it there, or else read and encode the sources.

    Args:
        text: what to read, and how.
        source: the same, opened.
        wanted: the settings, where None is chosen here by the size of the corpus.
        folder: where the encoded text is put.
        on_progress: told how much was read.
        known: of a model that is to be trained further.
        keep: where to keep the text as it was read, for further models.
        on_note: told which tokenizer cuts such text better, if one does.

    Raises:
        InputError: a source cannot be read, or has too few words.
        UsageError: the text in `folder` is that of a run with other sources or settings.
    """
    if EncodedCorpus.lies_in(folder):
        return _resumed(folder, text, wanted)
    raw, read = _encoding(text, source, folder, on_progress, keep, on_note)
    if text.tokenizer.name == "auto" and not isinstance(source, KeptText):
        _advise(raw, on_note)
    found = None
    if known:
        found = known.phrases
        if found is not None:
            phrases.join_known(raw, found)
    elif wanted.phrases:
        found = phrases.join(raw, wanted.phrase_settings())
    words = known.words if known else {}
    settings = _complete(wanted, raw, words)
    encoded = raw.trimmed(settings.min_count or 1, settings.max_vocab, words)
    if not encoded.tokens_kept:
        raise InputError(
            f"none of the {encoded.tokens_read:,} tokens is a word of the model, or occurs often enough",
            "give it more text, or a lower --min-count",
        )
    settings = _with_buckets(settings, encoded)
    about = {"text": text.to_json(), "wanted": wanted.to_json(), "settings": settings.to_json(), "phrases": found}
    encoded.save(folder, about | read)
    return Prepared(encoded, settings, **read, phrases=found)


def _encoding(
    text: TextSettings,
    source: Corpus | KeptText,
    folder: Path,
    on_progress: OnProgress,
    keep: Path | None,
    on_note: OnNote,
) -> tuple[ProvisionalCorpus, dict[str, Any]]:
    """The text encoded, to be changed in `folder`; and what there is to say of its reading."""
    if isinstance(source, KeptText):
        raw = source.provisional_corpus(folder)
        require_words(raw, text)
        return raw, source.about["read"]
    source.on_bytes = ReadingProgress(on_progress, source.size()).add
    with (
        nullcontext() if keep is None else kept_text.new_folder(keep),
        closing(batches(source.blocks(), text.tokenizer, processors(), source.size(), on_note)) as tokenized,
    ):
        raw = ProvisionalCorpus.of_batches(tokenized, keep or folder)
        require_words(raw, text)
        read = {"fingerprint": source.fingerprint(), "skipped": source.skipped}
        if keep is not None:
            kept_text.save(raw, keep, {"text": text.to_json(), "read": read})
    if keep is not None:
        raw.move_to(folder)
    return raw, read


def _advise(raw: ProvisionalCorpus, on_note: OnNote) -> None:
    """Name the tokenizer that cuts Japanese or Korean better than `auto`, where there is some of it."""
    import regex

    others = [place for place, word in enumerate(raw.words) if not word.isascii()]
    for scripts, what, language, tokenizer, extra in _BETTER:
        holds = regex.compile(scripts).search
        tokens = int(raw.counts[[place for place in others if holds(raw.words[place])]].sum())
        if tokens and tokens >= _MANY * raw.tokens_read:
            on_note(
                f"{tokens / raw.tokens_read:.0%} of the tokens hold {what}; to cut {language} better, train with "
                f"--tokenizer {tokenizer} ({install_line(extra)})"
            )


def _resumed(folder: Path, text: TextSettings, wanted: TrainSettings) -> Prepared:
    """What an unfinished run left in `folder`; refused when it is that of another run."""
    encoded, about = EncodedCorpus.load(folder)
    if about["text"] != text.to_json() or about["wanted"] != wanted.to_json():
        raise UsageError(
            "the unfinished run was started with other sources or settings",
            "give the same ones, or start over with --force",
        )
    kept = (about[name] for name in ("fingerprint", "skipped", "phrases"))
    return Prepared(encoded, TrainSettings(**about["settings"]), *kept)


def _complete(settings: TrainSettings, raw: ProvisionalCorpus, known: Mapping[str, int]) -> TrainSettings:
    """Choose what is `auto` for this corpus; refuse a corpus that leaves no vocabulary."""
    highest = int(raw.counts.max())
    chosen = auto_settings(settings, raw.tokens_read, processors())
    if settings.min_count is None and highest < (chosen.min_count or 1):
        chosen = replace(chosen, min_count=1)
    kept = int((raw.counts >= (chosen.min_count or 1)).sum()) + len(known)
    if kept == 0:
        raise InputError(
            f"none of {len(raw.words):,} distinct words occurs {chosen.min_count} times in {raw.tokens_read:,} "
            f"tokens; the most frequent one occurs {highest} times",
            f"try --min-count {max(1, highest // 2)}",
        )
    if min(kept, chosen.max_vocab or kept) == 1:
        raise InputError(
            "only one distinct word is left, and a word has no neighbours but other words",
            "give it more text" if len(raw.words) == 1 else "try --min-count 1 and a larger --max-vocab",
        )
    return chosen


def _with_buckets(settings: TrainSettings, encoded: EncodedCorpus) -> TrainSettings:
    if settings.algorithm != "fasttext" or settings.buckets is not None:
        return settings
    return replace(settings, buckets=auto_buckets(encoded.words, settings.min_n, settings.max_n))
