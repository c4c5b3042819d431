"""Forecasts of a run from a sample of its text: tokens, vocabulary, settings, time, memory and disk space."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from wvcli.errors import WvcliError, reason, unreadable
from wvcli.reporting import ignore_note, ignore_progress
from wvcli.system.locks import temporary_folder
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
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
from wvcli.training.engines._glove import GloveTrainer, glove_bytes
from wvcli.training.preparation import require_contexts
from wvcli.training.request import Request
from wvcli.training.settings import TrainSettings, auto_for_words, auto_settings
from wvcli.vectors.fitted_subwords import bucket_count

_SAMPLE_BYTES = 8_000_000  # read to judge a corpus, about a million and a half tokens of English
_EXCERPTS = 64  # that the sample of a file is taken in, from all over it
_LONGEST_LINE = 100_000  # bytes of a line that begins or ends an excerpt
_WARM_UP_CHARACTERS = 20  # of a text, tokenized to load dictionaries
_MIN_COUNTS = (1, 2, 3, 5, 10, 20, 50)  # for which the size of the vocabulary is forecast

_TRIAL_TOKENS = 250_000  # trained on in a trial
_TRIALS = 5  # after the first, which warms up
_LONGEST_TRIALS = 10.0  # seconds after which no other trial is begun

_START_SECONDS = 0.9  # until the program and Gensim are loaded
_FITTING_SPEED = 3_000_000  # numbers of words' vectors to which n-grams are fitted in a second
_SAVING_SPEED = 300_000_000  # bytes of a model that are hashed, written and flushed in a second

# Bytes of memory in the main process, beside the arrays, whose size follows from the settings. They were measured
# with benchmarks/forecasts.py, as peak memory of runs on texts of several sizes.
_PROGRAM_BYTES = 138_000_000  # Python with Gensim and SciPy
_DICTIONARY_BYTES = 57_000_000  # the dictionary of Chinese words, where the main process splits such text
_BATCH_TOKENS = 400_000  # tokens in memory as strings at a time
_BYTES_PER_BATCH_TOKEN = 35
_BYTES_PER_DISTINCT_WORD = 180  # while text is encoded: the string, its entry in a dictionary and its count
_BYTES_PER_SHARD_ID = 18  # of the shard being written: the id, and what is computed from it
_SHARE_NOT_FREED = 0.3  # of what encoding took, while training
_BYTES_PER_WORD = 400  # of the vocabulary, in Gensim's tables and ours
_BYTES_PER_WORD_WITH_SUBWORDS = 960  # the same with the numbers of its n-grams
_BYTES_PER_FITTED_WORD = 1_600  # while n-grams are fitted to the words
_BYTES_PER_WORD_IN_FILE = 40  # of the vocabulary
_BYTES_PER_PAIR = 40  # of GloVe's, on disk, estimated: 16 for each when merged, and before that 16 in each run


@dataclass(frozen=True)
class Forecast:
    """What a run would take.

    Attributes:
        tokens: number of tokens in the whole text.
        is_exact: whether the whole text was read, and not a sample.
        vocabulary: for several values of `min_count`, the number of words in the vocabulary.
        settings: those that were asked for, with those that were `auto` chosen.
        engine: name of the engine that would train.
        words: number of words in the vocabulary under these settings.
        seconds: of reading, training and saving.
        memory: bytes at the peak.
        disk: bytes of the encoded text while training, in the folder for temporary files.
        file: bytes of the model file.
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
        """Return the forecast as a JSON object."""
        return {
            **{name: getattr(self, name) for name in ("tokens", "is_exact", "words")},
            "vocabulary": {str(count): words for count, words in self.vocabulary.items()},
            "seconds": round(self.seconds, 1),
            **{name: getattr(self, name) for name in ("memory", "disk", "file")},
            "engine": self.engine,
            "settings": self.settings.to_json(),
        }


def forecast(
    request: Request, engine: Engine | None, exact: bool = False, sample_bytes: int = _SAMPLE_BYTES
) -> Forecast:
    """Forecast a run without doing it; nothing is left on disk.

    Args:
        request: the text and the settings. Text that was kept is judged by all of it.
        engine: what would train; None is decided by the size of the text.
        exact: read the whole text instead of excerpts.
        sample_bytes: read of a larger text in excerpts.

    Raises:
        InputError: a source cannot be read, or has no words.
    """
    with temporary_folder() as folder:
        sample, share, reading = _sample(request, exact, folder, sample_bytes)
        require_words(sample.tokens_read, request.text)
        started = perf_counter()
        if request.settings.phrases:
            phrases.join(sample, request.settings.phrase_settings())
        growth = _Growth(sample, share)
        settings = auto_settings(request.settings, growth.tokens, processors())
        words = min(growth.words(settings.min_count or 1), settings.max_vocab or growth.tokens)
        encoded = sample.trimmed(1, words)
        require_contexts(encoded)
        reading += share * (perf_counter() - started)
        settings = auto_for_words(settings, encoded.words)
        tokens_trained = growth.tokens * encoded.tokens_kept / encoded.tokens_read
        engine = engine or engines.default_engine(int(tokens_trained), settings)
        pace = Pace.of(encoded, settings, engine)
        training = pace.seconds(tokens_trained, settings.epochs or 1)
        if _fits_subwords(settings):
            training += words * (settings.dim or 1) / _FITTING_SPEED
    memory = peak_memory(settings, engine, words, tokens=growth.tokens, distinct_words=growth.words(1))
    if isinstance(request.source, Corpus) and _loads_dictionary(request.text, encoded.words):
        memory += _DICTIONARY_BYTES
    file = file_bytes(settings, words)
    return Forecast(
        tokens=growth.tokens,
        is_exact=share == 1,
        vocabulary={count: growth.words(count) for count in _MIN_COUNTS},
        settings=settings,
        engine=engine.name,
        words=words,
        seconds=_START_SECONDS + reading + training + file / _SAVING_SPEED,
        memory=memory,
        disk=4 * growth.tokens + int(pace.pairs_bytes(tokens_trained)),
        file=file,
    )


def _sample(
    request: Request, exact: bool, folder: Path, sample_bytes: int
) -> tuple[ProvisionalCorpus, float, float]:
    """Return an encoded sample, the size of the whole text by its size, and the seconds for reading the whole."""
    started = perf_counter()
    if isinstance(request.source, KeptText):
        return request.source.provisional_corpus(folder), 1.0, perf_counter() - started
    excerpts = _Excerpts(request.text, exact, folder, sample_bytes)
    reading = _Reading(request.text)
    corpus = ProvisionalCorpus.of_batches(reading.batches(excerpts.blocks()), folder)
    return corpus, excerpts.share(), reading.seconds(excerpts.share(), request.text.corpus().size())


@dataclass
class _Reading:
    """How long it takes to read text: measured in one process, and computed for several.

    Attributes:
        text: which text.
        starting: seconds until the tokenizer was ready.
        tokenizing: seconds spent tokenizing.
    """

    text: TextSettings
    starting: float = 0.0
    tokenizing: float = 0.0
    _started: float = field(default_factory=perf_counter)

    def batches(self, texts: Iterator[str | bytes]) -> Iterator[Batch]:
        """Tokenize the texts in this process, and measure how long it takes."""
        started = perf_counter()
        tokenize = fastest_batch_tokenizer(self.text.tokenizer, self.text.corpus().size())
        self.starting = perf_counter() - started
        for number, group in enumerate(grouped(texts)):
            if not number:
                started = perf_counter()
                tokenize([text[:_WARM_UP_CHARACTERS] for text in texts_of(group)])  # loads a dictionary, if needed
                self.starting += perf_counter() - started
            started = perf_counter()
            batch = tokenize(group)
            self.tokenizing += perf_counter() - started
            yield batch

    def seconds(self, share: float, size: int | None) -> float:
        """Return the seconds that all processors take to read `share` times as much, of `size` bytes if known."""
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


class _Excerpts:
    """Excerpts from all over each file, in proportion to the sizes of the files; or the whole text."""

    def __init__(self, text: TextSettings, exact: bool, folder: Path, sample_bytes: int) -> None:
        self._text = text
        self._sample_bytes = sample_bytes
        self._folder = folder
        corpus = text.corpus()
        self._files = corpus.files
        self._size = size(self._files)
        is_small = self._size is None or self._size <= sample_bytes
        self._whole = exact or is_small or corpus.must_be_read_whole()
        self._read = 0

    def blocks(self) -> Iterator[str | bytes]:
        """Yield the texts of the sample, as `Corpus.blocks` does."""
        if self._whole:
            yield from self._text.corpus().blocks()
            return
        for number, file in enumerate(self._files):
            budget = int(self._sample_bytes * (size([file]) or 0) / (self._size or 1)) + 1
            if is_packed(file) or self._text.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
                yield from self._beginning(file, budget)
            else:
                excerpt = self._folder / f"{number}{Path(file).suffix}"
                try:
                    with excerpt.open("wb") as out:
                        out.writelines(excerpts(file, budget))
                        self._read += out.tell()
                except OSError as error:  # of the disk, which does not say which file is meant
                    raise WvcliError(f"a temporary file in {self._folder}: {reason(error)}") from error
                # An excerpt may begin or end within a cell of many lines.
                skip_bad = self._text.skip_bad or self._text.column is not None
                corpus = replace(self._text, sources=(str(excerpt),), skip_bad=skip_bad).corpus()
                corpus.others = self._files
                yield from corpus.blocks()
                excerpt.unlink()

    def _beginning(self, file: str, budget: int) -> Iterator[str | bytes]:
        """Yield the texts at the beginning of a file that cannot be read from the middle."""
        corpus = replace(self._text, sources=(file,)).corpus()
        corpus.on_bytes = self._add
        corpus.others = self._files
        before = self._read
        for text in corpus.blocks():
            yield text
            if self._read - before > budget:
                break

    def _add(self, count: int) -> None:
        self._read += count

    def share(self) -> float:
        """Return the size of the whole text by that of the sample, in bytes on disk."""
        return 1.0 if self._whole else max(1.0, (self._size or 0) / max(1, self._read))


def excerpts(file: str, budget: int) -> Iterator[bytes]:
    """Yield whole lines from all over a file, its first line among them, about as many bytes as the budget.

    Raises:
        InputError: the file cannot be read.
    """
    each = max(1, budget // _EXCERPTS)
    try:
        with open(file, "rb") as source:
            total = os.fstat(source.fileno()).st_size
            for number in range(_EXCERPTS):
                source.seek(max(source.tell(), total * number // _EXCERPTS))
                if number:
                    source.readline(_LONGEST_LINE)
                yield source.read(each) + source.readline(_LONGEST_LINE)
    except OSError as error:
        raise unreadable(file, error) from error


class _Growth:
    """Extrapolates the vocabulary of a sample to that of the whole text.

    The number of words that occur at least m times grows as a power of the length of the text (Heaps' law, here
    for every m); the power is computed from the sample and every second text of it.
    """

    def __init__(self, sample: ProvisionalCorpus, share: float) -> None:
        self.share = share
        self.tokens = round(sample.tokens_read * share)
        self._counts = sample.counts
        self._half = sample.counts_of_half()

    def words(self, min_count: int) -> int:
        """Return how many words occur at least `min_count` times in the whole text."""
        now, before = (int((counts >= min_count).sum()) for counts in (self._counts, self._half))
        power = log(now / before, 2) if before else 1.0
        grown: float = now * self.share ** min(1.0, max(0.0, power))
        return round(grown)


@dataclass(frozen=True)
class Pace:
    """How fast a model is trained, measured on a sample of its text.

    Attributes:
        speed: tokens per second.
        once: seconds before and after all epochs.
        each: seconds at the end of each epoch.
        counting: seconds of counting pairs, for each token; 0 where none are counted.
        pairs: how many pairs there are.
        tokens: tokens of the sample.
        power: by which the pairs grow with the tokens.
    """

    speed: float
    once: float
    each: float
    counting: float = 0.0
    pairs: int = 0
    tokens: int = 1
    power: float = 1.0

    @classmethod
    def of(cls, encoded: EncodedCorpus, settings: TrainSettings, engine: Engine, trials: int = _TRIALS) -> "Pace":
        """Train on parts of the sample for some seconds; the first warms up, the median of the others counts."""
        started = perf_counter()
        trainer = engine.start(encoded, settings, lambda count: None, ignore_note)
        once = perf_counter() - started
        started = perf_counter()
        trainer.prepare(ignore_progress)
        counting = perf_counter() - started
        started = perf_counter()
        trainer.loss()  # draws the sample
        once += perf_counter() - started
        started = perf_counter()
        trainer.loss()
        each = perf_counter() - started
        stretches = trainer.stretches(_TRIAL_TOKENS)
        seconds: list[float] = []
        while len(seconds) <= trials and (len(seconds) < 2 or sum(seconds) < _LONGEST_TRIALS):
            stretch = stretches[len(seconds) % len(stretches)]
            started = perf_counter()
            trainer.train(stretch, settings.alpha, settings.alpha)
            seconds.append((perf_counter() - started) / stretch.tokens)
        started = perf_counter()
        trainer.vectors()
        trial = cls(1 / max(1e-9, median(seconds[1:])), once + perf_counter() - started, each)
        if not isinstance(trainer, GloveTrainer):
            return trial
        return replace(
            trial,
            counting=counting / encoded.tokens_kept,
            pairs=len(trainer.counts),
            tokens=encoded.tokens_kept,
            power=trainer.counts.share_of_single(settings.window or 1),
        )

    def seconds(self, tokens: float, epochs: int) -> float:
        """Return the seconds of training on this many tokens in each epoch."""
        # An epoch of GloVe is a pass over the pairs, of which a longer text has fewer for each token.
        trained = self.tokens * self._grown(tokens)
        return self.once + tokens * self.counting + epochs * (self.each + trained / self.speed)

    def pairs_bytes(self, tokens: float) -> float:
        """Return the bytes on disk of the pairs that are counted in this many tokens, before and after merging."""
        return _BYTES_PER_PAIR * self.pairs * self._grown(tokens)

    def _grown(self, tokens: float) -> float:
        """Return how many times as many pairs there are in so many tokens as in the sample."""
        return float((tokens / self.tokens) ** self.power)


def _loads_dictionary(text: TextSettings, words: Iterable[str]) -> bool:
    """Return whether reading loads the dictionary of Chinese words."""
    return text.tokenizer.name in ("auto", "chinese") and any("\u4e00" <= word[:1] <= "\u9fff" for word in words)


def peak_memory(settings: TrainSettings, engine: Engine, words: int, *, tokens: int, distinct_words: int) -> int:
    """Return the bytes of memory that a run takes at its peak, in the main process.

    Args:
        settings: nothing in them is `auto` any more.
        engine: what trains.
        words: in the vocabulary.
        tokens: in the text.
        distinct_words: in the text.
    """
    encoding = _encoding_bytes(tokens, distinct_words)
    training = _training_bytes(settings, engine, words, tokens) + int(_SHARE_NOT_FREED * encoding)
    return _PROGRAM_BYTES + engine.memory + max(encoding, training)


def _encoding_bytes(tokens: int, distinct_words: int) -> int:
    """Return the bytes of memory that encoding a text takes."""
    batch = min(tokens, _BATCH_TOKENS) * _BYTES_PER_BATCH_TOKEN
    shard = min(tokens, SHARD_IDS) * _BYTES_PER_SHARD_ID
    return batch + shard + distinct_words * _BYTES_PER_DISTINCT_WORD


def _rows(settings: TrainSettings, words: int) -> int:
    """Return how many vectors a model has, those of the output layer and of n-grams among them."""
    if settings.algorithm == "glove":
        return words
    return 2 * words if settings.algorithm == "word2vec" else 3 * words + (settings.buckets or 0)


def _fits_subwords(settings: TrainSettings) -> bool:
    """Return whether n-grams are fitted to the words' vectors after training."""
    return settings.algorithm != "fasttext" and settings.unknown_words == "subwords"


def _training_bytes(settings: TrainSettings, engine: Engine, words: int, tokens: int) -> int:
    """Return the bytes of memory that a model takes in training: its tables, and padded float32 rows."""
    if settings.algorithm == "glove":
        return glove_bytes(settings, words, tokens)
    per_word = _BYTES_PER_WORD if settings.algorithm == "word2vec" else _BYTES_PER_WORD_WITH_SUBWORDS
    if _fits_subwords(settings):
        per_word += _BYTES_PER_FITTED_WORD
    row_length = -(-(settings.dim or 1) // engine.row_multiple) * engine.row_multiple
    return words * per_word + 4 * _rows(settings, words) * row_length + _fitting_bytes(settings, words)


def _fitting_bytes(settings: TrainSettings, words: int) -> int:
    """Return the bytes of memory that fitting n-grams takes by dimension: float32 vectors, and float16 n-grams."""
    return (4 * words + 2 * bucket_count(words)) * (settings.dim or 1) if _fits_subwords(settings) else 0


def file_bytes(settings: TrainSettings, words: int) -> int:
    """Return the bytes of a model file."""
    numbers = 4 * _rows(settings, words)
    if _fits_subwords(settings):
        numbers += 2 * bucket_count(words)
    return numbers * (settings.dim or 1) + words * _BYTES_PER_WORD_IN_FILE
