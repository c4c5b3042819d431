"""Before the first epoch: the text encoded over its vocabulary, and every setting that was `auto` chosen."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError, reason
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.system.parallel import processors
from wvcli.text.settings import READING, TextSettings
from wvcli.text.sources import without_password
from wvcli.tokens import phrases
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.phrases import Phrases
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.training import distributed_phrases
from wvcli.training.distributed_reading import ConnectedCluster, DistributedCorpus
from wvcli.training.reading import ReadingRecord, read_text
from wvcli.training.request import Request
from wvcli.training.settings import TrainSettings, auto_for_words, auto_settings
from wvcli.training.suitability import note_few_epochs, note_shortcomings
from wvcli.training.unfinished import RunOptions, UnfinishedRun, asked_for, different, refuse_differences


@dataclass(frozen=True)
class PriorVocabulary:
    """The vocabulary of a model that is trained further.

    Attributes:
        counts: its words, each with its count so far.
        phrases: the pairs of words that were joined in each pass, or None when none were.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    phrases: Phrases | None = None


@dataclass(frozen=True)
class Prepared:
    """An encoded corpus, and the settings to train it by.

    Attributes:
        encoded: what is trained on.
        settings: nothing in them is `auto` any more.
        reading: what is recorded of reading the text.
        phrases: the pairs of words joined in each pass, or None when none were to be.
    """

    encoded: EncodedCorpus
    settings: TrainSettings
    reading: ReadingRecord
    phrases: Phrases | None

    def manifest(self, text: TextSettings) -> dict[str, Any]:
        """Return what the manifest of the model says about its text and settings."""
        return {
            "settings": self.settings.to_json(),
            "tokenizer": text.tokenizer.to_json(),
            "corpus": {
                "sources": [without_password(source) for source in text.sources],
                "texts": self.encoded.texts,
                "skipped": self.reading.skipped,
                "characters": self.reading.characters,
                "characters_in_words": self.reading.characters_in_words,
                **self.reading.checksum(),
            },
            "reading": {name: getattr(text, name) for name in READING},
            **({} if self.phrases is None else {"phrases": {"found": list(map(len, self.phrases))}}),
        }

    def move_to(self, folder: Path, request: Request, options: RunOptions) -> None:
        """Move the text from a temporary folder to one from which the run can be resumed.

        Raises:
            WvcliError: it cannot be written there, because the disk is full, for example.
        """
        try:
            shards = [Path(shutil.move(shard, folder / shard.name)) for shard in self.encoded.shards]
        except OSError as error:
            raise WvcliError(f"cannot save the run in {folder}: {reason(error)}") from error
        _save(replace(self, encoded=replace(self.encoded, shards=shards)), request, options, folder)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return what the model file holds of its text beside the vocabulary: the phrases, as UTF-8 of JSON."""
        if self.phrases is None:
            return {}
        pairs = json.dumps(self.phrases, ensure_ascii=False).encode("utf-8")
        return {"phrases.pairs": np.frombuffer(pairs, dtype=np.uint8)}


def prepare(
    request: Request,
    folder: Path,
    *,
    options: RunOptions | None = None,
    prior: PriorVocabulary | None = None,
    keep_in: Path | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    cluster: ConnectedCluster | None = None,
) -> Prepared:
    """Take the encoded text that an unfinished run left in `folder`, or else read and encode the sources.

    Args:
        request: the text and the settings that were asked for.
        folder: where the encoded text is put.
        options: what else is asked for; None if `folder` does not outlive the run.
        prior: of a model that is trained further.
        keep_in: a folder in which the text is kept as it was read, for further models.
        on_progress: called with the bytes read.
        on_note: called with what must be compiled first, and with the name of a better tokenizer.
        cluster: where the text is read, and in whose work folder the numbers are put; None for this machine.

    Raises:
        InputError: a source cannot be read, or has too few words.
        UsageError: the text in `folder` is that of a run with other sources or settings.
    """
    if EncodedCorpus.is_in(folder):
        return _resumed(request, folder, options)
    if request.source is None:
        raise InputError(f"there is no unfinished run in {folder}")
    corpus: ProvisionalCorpus | DistributedCorpus
    if cluster:
        corpus, reading = cluster.read(request, folder, on_progress, on_note, keep_in)
    else:
        corpus, reading = read_text(request.text, request.source, folder, on_progress, on_note, keep_in)
    joined = _join_phrases(corpus, request.settings, prior)
    known = prior.counts if prior else {}
    cores = cluster.executors.cores if cluster else processors()
    settings = _with_auto_chosen(request.settings, corpus, known, cores)
    encoded = corpus.trimmed(settings.min_count or 1, settings.max_vocab, known)
    if not encoded.tokens_kept:
        raise InputError(
            f"none of the {encoded.tokens_read:,} tokens is a word of the model, or occurs often enough",
            "give it more text, or a lower `min_count`",
        )
    require_contexts(encoded)
    settings = auto_for_words(settings, encoded.words)
    if cluster:
        encoded = cluster.stored(encoded)
    prepared = Prepared(encoded=encoded, settings=settings, reading=reading, phrases=joined)
    if prior is None:
        note_shortcomings(encoded, request.text.tokenizer, on_note)
        note_few_epochs(settings, encoded.tokens_read, on_note)
    if options is not None:
        _save(prepared, request, options, folder)
    return prepared


def require_contexts(encoded: EncodedCorpus) -> None:
    """Refuse a text from which nothing can be learnt.

    Raises:
        InputError: no text has two words.
    """
    if encoded.has_contexts():
        return
    is_whole = encoded.tokens_kept == encoded.tokens_read - (encoded.tokens_joined or 0)
    raise InputError(
        f"no text has two words{'' if is_whole else ' that are kept'}, and a word is learnt from those beside it "
        f"({encoded.tokens_kept:,} words in {encoded.texts:,} texts)",
        "each line, column and field is a text: put the words of a sentence in one, with spaces between them"
        if is_whole
        else "try a lower `min_count`, or a larger `max_vocab`",
    )


def _save(prepared: Prepared, request: Request, options: RunOptions, folder: Path) -> None:
    """Put on disk what `_resumed` and `UnfinishedRun.of` read."""
    about = {
        "text": request.text.to_json(),
        "wanted": request.settings.to_json(),
        "options": asdict(options),
        "settings": prepared.settings.to_json(),
        "phrases": prepared.phrases,
    }
    prepared.encoded.save(folder, about | asdict(prepared.reading))


def _resumed(request: Request, folder: Path, options: RunOptions | None) -> Prepared:
    """Return what an unfinished run left in `folder`.

    Raises:
        InputError: it is damaged.
        UsageError: that run was asked for in another way.
    """
    encoded, about = EncodedCorpus.load(folder)
    if options is not None:
        run = UnfinishedRun.of(folder)
        refuse_differences(run, asked_for(request.text, request.settings, options))
        if run.text.to_json() != request.text.to_json():
            raise different(folder, ["other stop words"])
    return Prepared(
        encoded=encoded,
        settings=TrainSettings(**about["settings"]),
        reading=ReadingRecord(
            **{each.name: about[each.name] for each in fields(ReadingRecord) if each.name in about}
        ),
        phrases=about["phrases"],
    )


def _join_phrases(
    corpus: ProvisionalCorpus | DistributedCorpus, settings: TrainSettings, prior: PriorVocabulary | None
) -> Phrases | None:
    """Join the words of phrases: of those that an earlier model found, or else of those found here if wanted."""
    if isinstance(corpus, DistributedCorpus):
        return distributed_phrases.join(corpus, settings.phrase_settings()) if settings.phrases else None
    if prior is None:
        return phrases.join(corpus, settings.phrase_settings()) if settings.phrases else None
    if prior.phrases is not None:
        phrases.join_known(corpus, prior.phrases)
    return prior.phrases


def _with_auto_chosen(
    settings: TrainSettings, corpus: ProvisionalCorpus | DistributedCorpus, known: Mapping[str, int], cores: int
) -> TrainSettings:
    """Return the settings with those that are `auto` chosen for this corpus, but for what depends on its words.

    Args:
        settings: what was asked for.
        corpus: the text, of which the vocabulary is not decided.
        known: words of a model that is trained further.
        cores: processors that may be used.

    Raises:
        InputError: no vocabulary is left, or a single word.
    """
    highest = corpus.highest_count()
    chosen = auto_settings(settings, corpus.tokens_read, cores)
    if settings.min_count is None and highest < (chosen.min_count or 1):
        chosen = replace(chosen, min_count=1)
    words = corpus.occurring(chosen.min_count or 1) + len(known)
    if words == 0:
        raise InputError(
            f"none of {corpus.distinct:,} distinct words occurs {chosen.min_count} times in "
            f"{corpus.tokens_read:,} tokens; the most frequent one occurs {highest} times",
            f"try `min_count={max(1, highest // 2)}`",
        )
    if min(words, chosen.max_vocab or words) == 1:
        raise InputError(
            "only one distinct word is left, and a word has no neighbours but other words",
            "give it more text" if corpus.distinct == 1 else "try `min_count=1` and a larger `max_vocab`",
        )
    return chosen
