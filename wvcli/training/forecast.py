"""What a run would take, judged from a sample of its text: tokens, vocabulary, settings, time, memory, disk."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from wvcli.system.parallel import processors
from wvcli.text.settings import TextSettings
from wvcli.text.sources import is_packed, size
from wvcli.tokens import phrases
from wvcli.tokens.batches import Batch, grouped, texts_of
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.kept_text import KeptText
from wvcli.tokens.provisional_corpus import SHARD_IDS, ProvisionalCorpus, require_words
from wvcli.tokens.tokenizing import fastest_batch_tokenizer, seconds_before_workers
from wvcli.training import engines
from wvcli.training.engines import Engine
from wvcli.training.loss import LossSample
from wvcli.training.settings import TrainSettings, auto_buckets, auto_settings

_SAMPLE_BYTES = 8_000_000  # read to judge a corpus, about a million and a half tokens of English
_MIN_COUNTS = (1, 2, 3, 5, 10, 20, 50)

_EXCERPTS = 64  # places of a file that it is taken from
_LONGEST_LINE = 100_000  # bytes of a line taken at an excerpt's edge

_TRIED = 250_000  # tokens trained on at a time
_TRIALS = 5  # times after the first
_LONGEST_TRIAL = 10.0  # seconds after which no other is begun
_START = 0.9  # seconds until the program and Gensim are loaded
_WARMING = 20  # characters of a text
_SAVED = 300_000_000  # bytes of a model hashed, written and flushed in a second

# Memory in bytes, of the main process, measured with benchmarks/forecasts.py.
_PROGRAM = 138_000_000  # Python with Gensim and SciPy
_A_DICTIONARY = 57_000_000  # of Chinese words, where the main process splits such text
_A_BATCH = 400_000  # tokens in hand at a time, as strings
_A_TOKEN = 35  # of a token in hand
_A_RAW_WORD = 180  # of a distinct word while text is encoded: the string, its place in a dictionary and its count
_AN_ID = 18  # of a token of the shard in hand, with what is made of it
_NOT_GIVEN_BACK = 0.3  # of what encoding took, still taken while training
_A_WORD = 400  # of a word of the vocabulary in Gensim's tables and ours, without its vectors
_A_WORD_IN_FILE = 40  # of a word in the model file, without its vectors
_A_WORD_WITH_SUBWORDS = 960  # the same with the numbers of its n-grams


@dataclass(frozen=True)
class Forecast:
    """What a run would take.

    Attributes:
        tokens: in the whole text.
        is_exact: whether the whole text was read, and not a sample.
        vocabulary: for several lowest counts, the words that occur at least so often.
        settings: as they would be chosen.
        engine: what would train.
        words: in the vocabulary, under these settings.
        seconds: of reading and training.
        memory: bytes at the peak.
        disk: bytes of the encoded text while training, in the folder for temporary files.
        file: bytes of the model.
    """

    tokens: int
    is_exact: bool
    vocabulary: dict[int, int]
    settings: TrainSettings
    engine: str
    words: int
    seconds: float
    memory: int
    disk: int
    file: int

    def to_json(self) -> dict[str, Any]:
        """The forecast as a JSON object."""
        return {
            **{name: getattr(self, name) for name in ("tokens", "is_exact", "words")},
            "vocabulary": {str(count): words for count, words in self.vocabulary.items()},
            "seconds": round(self.seconds, 1),
            **{name: getattr(self, name) for name in ("memory", "disk", "file")},
            "engine": self.engine,
            "settings": self.settings.to_json(),
        }


def forecast(
    text: TextSettings,
    wanted: TrainSettings,
    engine: Engine | None,
    exact: bool = False,
    kept: KeptText | None = None,
) -> Forecast:
    """Judge a run without doing it; nothing is left on disk.

    Args:
        text: what would be read, and how.
        wanted: the settings, where None is chosen by the size of the corpus.
        engine: what would train; None chooses by the size of the text.
        exact: read the whole text instead of excerpts.
        kept: the text, if it was read before; it is then judged by all of it.

    Raises:
        InputError: a source cannot be read, or has no words.
    """
    with tempfile.TemporaryDirectory(prefix="wvcli-") as folder:
        sample, share, reading = _sample(text, exact, kept, Path(folder))
        require_words(sample, text)
        started = perf_counter()
        if wanted.phrases:
            phrases.join(sample, wanted.phrase_settings())
        growth = _Growth(sample, share)
        settings = auto_settings(wanted, growth.tokens, processors())
        words = min(growth.words(settings.min_count or 1), settings.max_vocab or growth.tokens)
        encoded = sample.trimmed(1, words)
        reading += share * (perf_counter() - started)
        if settings.algorithm == "fasttext" and settings.buckets is None:
            settings = replace(settings, buckets=auto_buckets(encoded.words, settings.min_n, settings.max_n))
        trained = growth.tokens * encoded.tokens_kept / encoded.tokens_read
        engine = engine or engines.default_engine(int(trained))
        trial = _Trial.of(encoded, settings, engine)
    program = _PROGRAM + engine.memory + _A_DICTIONARY * (kept is None and _has_dictionary(text, encoded.words))
    wide = -(-(settings.dim or 1) // engine.lanes) * engine.lanes
    memory, file = _bytes(settings, program, growth.tokens, words, growth.words(1), wide)
    return Forecast(
        growth.tokens,
        share == 1,
        {count: growth.words(count) for count in _MIN_COUNTS},
        settings,
        engine.name,
        words,
        _START + reading + trial.seconds(trained, settings.epochs or 1) + file / _SAVED,
        memory,
        4 * growth.tokens,
        file,
    )


def _sample(
    text: TextSettings, exact: bool, kept: KeptText | None, folder: Path
) -> tuple[ProvisionalCorpus, float, float]:
    """A sample encoded, how many times its size the whole has, and the seconds that reading the whole takes."""
    started = perf_counter()
    if kept is not None:
        return kept.provisional_corpus(folder), 1.0, perf_counter() - started
    sampled = _Sampled(text, exact, folder)
    reading = _Reading(text)
    encoding = ProvisionalCorpus.of_batches(reading.batches(sampled.blocks()), folder)
    return encoding, sampled.share(), reading.seconds(sampled.share(), text.corpus().size())


@dataclass
class _Reading:
    """How long it takes to read text with one process, and so with several.

    Attributes:
        text: which text.
        starting: seconds until the tokenizer is ready.
        tokenizing: seconds in which it was at work.
    """

    text: TextSettings
    starting: float = 0.0
    tokenizing: float = 0.0
    _started: float = field(default_factory=perf_counter)

    def batches(self, texts: Iterator[str | bytes]) -> Iterator[Batch]:
        """The texts tokenized here."""
        started = perf_counter()
        tokenize = fastest_batch_tokenizer(self.text.tokenizer, self.text.corpus().size())
        self.starting = perf_counter() - started
        for number, group in enumerate(grouped(texts)):
            if not number:
                started = perf_counter()
                tokenize(
                    [item[:_WARMING] for item in texts_of(group)]
                )  # the first text that needs a dictionary loads it
                self.starting += perf_counter() - started
            started = perf_counter()
            batch = tokenize(group)
            self.tokenizing += perf_counter() - started
            yield batch

    def seconds(self, share: float, size: int | None) -> float:
        """Of reading `share` times what was read, of which `size` bytes are known."""
        rest = share * (perf_counter() - self._started - self.starting - self.tokenizing)
        tokenizing = share * self.tokenizing
        here = min(tokenizing, seconds_before_workers(size)) if processors() > 1 else tokenizing
        elsewhere = tokenizing - here
        if not elsewhere:
            return self.starting + here + rest
        # The main process reads and numbers while the others tokenize, and all share the processors.
        left = rest * elsewhere / tokenizing
        spread = self.starting + max(left, (left + elsewhere) / processors())
        return self.starting + here + rest - left + spread


class _Sampled:
    """Excerpts from all over each file, in proportion to their sizes; or everything."""

    def __init__(self, text: TextSettings, exact: bool, folder: Path) -> None:
        self._text = text
        self._folder = folder
        self._files = text.corpus().files
        self._size = size(self._files)
        self._whole = exact or self._size is None or self._size <= _SAMPLE_BYTES
        self._read = 0

    def blocks(self) -> Iterator[str | bytes]:
        """The texts of the sample, as those of a corpus."""
        if self._whole:
            yield from self._text.corpus().blocks()
            return
        for number, file in enumerate(self._files):
            budget = int(_SAMPLE_BYTES * os.path.getsize(file) / (self._size or 1)) + 1
            if is_packed(file) or self._text.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
                yield from self._beginning(file, budget)
            else:
                excerpt = self._folder / f"{number}{Path(file).suffix}"
                self._read += _copy_excerpts(file, excerpt, budget)
                yield from replace(self._text, sources=(str(excerpt),)).corpus().blocks()
                excerpt.unlink()

    def _beginning(self, file: str, budget: int) -> Iterator[str | bytes]:
        """The texts at the beginning of a file that cannot be entered in the middle."""
        corpus = replace(self._text, sources=(file,)).corpus()
        corpus.on_bytes = self._add
        before = self._read
        for text in corpus.blocks():
            yield text
            if self._read - before > budget:
                break

    def _add(self, count: int) -> None:
        self._read += count

    def share(self) -> float:
        """How many times the sample the whole is, in bytes as they lie on disk."""
        return 1.0 if self._whole else max(1.0, (self._size or 0) / max(1, self._read))


def _copy_excerpts(file: str, target: Path, budget: int) -> int:
    """Copy whole lines from places all over a file, its first line among them; gives the bytes copied."""
    total = os.path.getsize(file)
    each = max(1, budget // _EXCERPTS)
    with open(file, "rb") as source, target.open("wb") as out:
        for place in range(_EXCERPTS):
            source.seek(max(source.tell(), total * place // _EXCERPTS))
            if place:
                source.readline(_LONGEST_LINE)
            out.write(source.read(each) + source.readline(_LONGEST_LINE))
        return out.tell()


class _Growth:
    """How the counts of a sample grow to those of the whole text.

    The number of words that occur at least m times grows as a power of the length of the text (Heaps' law, here
    for every m); the power is taken from the sample and every second text of it.
    """

    def __init__(self, sample: ProvisionalCorpus, share: float) -> None:
        self.share = share
        self.tokens = round(sample.tokens_read * share)
        self._counts = sample.counts
        self._half = sample.counts_of_half()

    def words(self, min_count: int) -> int:
        """The words that occur at least so often in the whole text."""
        now, before = (int((counts >= min_count).sum()) for counts in (self._counts, self._half))
        power = log(now / before, 2) if before else 1.0
        grown: float = now * self.share ** min(1.0, max(0.0, power))
        return round(grown)


@dataclass(frozen=True)
class _Trial:
    """What was seen of training on a sample.

    Attributes:
        speed: tokens a second.
        once: seconds before and after all epochs.
        each: seconds at the end of each.
    """

    speed: float
    once: float
    each: float

    @classmethod
    def of(cls, encoded: EncodedCorpus, settings: TrainSettings, engine: Engine) -> "_Trial":
        """Train on stretches of the sample for some seconds; the first warms up, and the median counts."""
        started = perf_counter()
        trainer = engine.start(encoded, settings, lambda count: None, lambda note: None)
        probe = LossSample.of(encoded, settings)
        once = perf_counter() - started
        started = perf_counter()
        if probe:
            probe.loss(trainer)
        each = perf_counter() - started
        stretches = encoded.stretches(_TRIED)
        seconds: list[float] = []
        while len(seconds) <= _TRIALS and (len(seconds) < 2 or sum(seconds) < _LONGEST_TRIAL):
            stretch = stretches[len(seconds) % len(stretches)]
            started = perf_counter()
            trainer.train(stretch, settings.alpha, settings.alpha)
            seconds.append((perf_counter() - started) / stretch.tokens)
        started = perf_counter()
        trainer.vectors()
        return cls(1 / max(1e-9, median(seconds[1:])), once + perf_counter() - started, each)

    def seconds(self, tokens: float, epochs: int) -> float:
        """Of training on so many tokens in each epoch."""
        return self.once + epochs * (self.each + tokens / self.speed)


def _has_dictionary(text: TextSettings, words: Iterable[str]) -> bool:
    """Whether reading loads the dictionary of Chinese words."""
    return text.tokenizer.name in ("auto", "chinese") and any("\u4e00" <= word[:1] <= "\u9fff" for word in words)


def _bytes(
    settings: TrainSettings, program: int, tokens: int, words: int, raw_words: int, wide: int
) -> tuple[int, int]:
    """Memory at the peak, of encoding or of training with rows as `wide`, and size of the model file; in bytes."""
    rows, tables = 2 * words, words * _A_WORD
    if settings.algorithm == "fasttext":
        rows += words + (settings.buckets or 0)
        tables = words * _A_WORD_WITH_SUBWORDS
    file = 4 * rows * (settings.dim or 1)
    encoding = raw_words * _A_RAW_WORD + min(tokens, SHARD_IDS) * _AN_ID + min(tokens, _A_BATCH) * _A_TOKEN
    training = tables + 4 * rows * wide + int(_NOT_GIVEN_BACK * encoding)
    return program + max(encoding, training), file + words * _A_WORD_IN_FILE
