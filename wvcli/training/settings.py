"""The settings of a training run: their names, their defaults and limits, and how `auto` chooses them.

Nothing heavy is imported here, since the help of the command line shows the choices and defaults.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.tokens.phrases import PhraseSettings

Algorithm = Literal["word2vec", "fasttext", "glove"]
Architecture = Literal["skipgram", "cbow"]
Loss = Literal["negative", "hierarchical"]
PhraseScorer = Literal["original", "npmi"]
UnknownWords = Literal["subwords", "none"]


@dataclass(frozen=True)
class TrainSettings:
    """Every hyper-parameter of a run; None means `auto`.

    Attributes:
        algorithm: `word2vec`, `fasttext` for subword vectors, or `glove`, which is trained on counts of words that
            occur near each other, and for which the settings that have to do with single predictions mean nothing.
        architecture: `skipgram`, or `cbow` (continuous bag of words).
        loss: `negative` sampling or `hierarchical` softmax.
        dim: length of a vector.
        window: words of context on each side, at most.
        fixed_window: always use the whole window; otherwise its size is drawn from 1 to `window` for each word.
        epochs: passes over the text.
        min_count: words that occur less often are left out.
        max_vocab: keep at most this many words, the most frequent ones.
        negative: noise words drawn for each true word.
        noise_exponent: power of the word counts by which noise words are drawn.
        sample: share of the text above which a word is subsampled; 0 turns subsampling off.
        alpha: learning rate at the start; with `glove` the one that AdaGrad divides, which `of` takes to be 0.05.
        min_alpha: learning rate at the end.
        min_n: shortest character n-gram (fasttext).
        max_n: longest character n-gram (fasttext).
        buckets: number of vectors for the hashed n-grams (fasttext).
        x_max: count of a pair of words from which on it has the whole weight (glove).
        glove_alpha: power by which the weight of a pair grows with its count up to there (glove).
        glove_memory: megabytes in which pairs are counted; what does not fit goes to disk (glove). It does not
            change the result.
        unknown_words: `subwords` to fit vectors of n-grams to the words' vectors after training, from which words
            outside the vocabulary get theirs, or `none` (fasttext always has them).
        workers: number of threads.
        seed: seed of the random numbers.
        phrases: join words that often occur together, so that `new york` becomes the one word `new_york`.
        phrase_passes: passes in which words are joined; each can double the length of a phrase.
        phrase_threshold: score above which two words are a phrase.
        phrase_scorer: `original` (Mikolov et al., 2013) or `npmi` (normalized pointwise mutual information).
        phrase_min_count: two words that occur together less often are not a phrase.

    Raises:
        UsageError: a value is out of its limits.

    Example:
        >>> import wvcli
        >>> wvcli.TrainSettings(dim=50).window is None
        True
        >>> wvcli.TrainSettings(dim=0)
        Traceback (most recent call last):
        wvcli.errors.UsageError: `dim` must be between 1 and 10,000, not 0
    """

    algorithm: Algorithm | None = None
    architecture: Architecture | None = None
    loss: Loss = "negative"
    dim: int | None = None
    window: int | None = None
    fixed_window: bool = False
    epochs: int | None = None
    min_count: int | None = None
    max_vocab: int | None = None
    negative: int = 5
    noise_exponent: float = 0.75
    sample: float = 1e-3
    alpha: float = 0.025
    min_alpha: float = 1e-4
    min_n: int = 3
    max_n: int = 6
    buckets: int | None = None
    x_max: float | None = None
    glove_alpha: float = 0.75
    glove_memory: int | None = None
    unknown_words: UnknownWords | None = None
    workers: int | None = None
    seed: int = 1
    phrases: bool = False
    phrase_passes: int = 1
    phrase_threshold: float | None = None
    phrase_scorer: PhraseScorer = "original"
    phrase_min_count: int = 5

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise UsageError(f"`{name}` must be {' or '.join(choices)}, not {value!r}")
        limits = _LIMITS | {"phrase_threshold": _PHRASE_THRESHOLDS[self.phrase_scorer][1:]}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is None:
                continue
            kind = (int, float) if name in _REAL else int
            if isinstance(value, bool) or not isinstance(value, kind):
                what = "number" if isinstance(kind, tuple) else "whole number"
                raise UsageError(f"`{name}` must be a {what}, not {value!r}")
            if not low <= value <= high:
                raise UsageError(f"`{name}` must be between {low:,} and {high:,}, not {value:,}")
        if self.min_alpha > self.alpha and self.algorithm != "glove":
            raise UsageError(f"`min_alpha={self.min_alpha}` is above `alpha={self.alpha}`")
        if self.min_n > self.max_n:
            raise UsageError(f"`min_n={self.min_n}` is above `max_n={self.max_n}`")

    def phrase_settings(self) -> "PhraseSettings":
        """Return how phrases are found, with the threshold that `auto` stands for."""
        from wvcli.tokens.phrases import PhraseSettings

        threshold = self.phrase_threshold
        if threshold is None:
            threshold = default_phrase_threshold(self.phrase_scorer)
        return PhraseSettings(
            threshold=threshold,
            passes=self.phrase_passes,
            scorer=self.phrase_scorer,
            min_count=self.phrase_min_count,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return asdict(self)

    @classmethod
    def of(cls, given: Mapping[str, Any], like: "TrainSettings | None" = None) -> "TrainSettings":
        """Return the settings that a user chose by name; one not chosen, None, is as in `like`, or the default.

        Raises:
            UsageError: a name is unknown, a value is out of its limits, or a setting has no effect with the
                algorithm, loss or phrases chosen.
        """
        chosen = {name: value for name, value in given.items() if value not in (None, "auto")}
        unknown = chosen.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise UsageError(f"there is no setting called {', '.join(sorted(unknown))}")
        for name, (setting, value) in _ONLY_WITH.items():
            other = getattr(like, setting) if like else _DEFAULT[setting]
            if name in chosen and chosen.get(setting, other) != value:
                raise UsageError(f"`{name}` has no effect without `{setting}={value}`")
        base = _with_defaults_of(chosen.get("algorithm"), like or cls())
        for name in _NOT_WITH_GLOVE:
            if base.algorithm == "glove" and chosen.get(name, False) is not False:
                raise UsageError(f"`{name}` has no effect with `algorithm=glove`")
        if chosen.get("unknown_words") == "none" and chosen.get("algorithm", base.algorithm) == "fasttext":
            raise UsageError(
                "`unknown_words=none` has no effect with `algorithm=fasttext`, which has subwords anyway"
            )
        if chosen.get("phrases") is False:
            base = replace(base, **{name: getattr(cls, name) for name in _OF_PHRASES})
        elif chosen.get("phrase_scorer", base.phrase_scorer) != base.phrase_scorer:
            base = replace(base, phrase_threshold=None)
        return replace(base, **chosen)


def _with_defaults_of(algorithm: Algorithm | None, settings: TrainSettings) -> TrainSettings:
    """Return settings for another algorithm, or the same; GloVe shares few with the others."""
    if algorithm is None or (algorithm == "glove") == (settings.algorithm == "glove"):
        return settings
    dropped, alpha = (_NOT_WITH_GLOVE, _GLOVE_ALPHA) if algorithm == "glove" else (_OF_GLOVE, TrainSettings.alpha)
    usual = {name: getattr(TrainSettings, name) for name in dropped}
    return replace(settings, **usual, algorithm=algorithm, alpha=alpha)


_CHOICES = {
    "algorithm": get_args(Algorithm),
    "architecture": get_args(Architecture),
    "loss": get_args(Loss),
    "phrase_scorer": get_args(PhraseScorer),
    "unknown_words": get_args(UnknownWords),
}

_OF_PHRASES = ("phrase_passes", "phrase_threshold", "phrase_scorer", "phrase_min_count")

_OF_GLOVE = ("x_max", "glove_alpha", "glove_memory")
_NOT_WITH_GLOVE = (
    "architecture", "loss", "fixed_window", "negative", "noise_exponent", "sample", "min_alpha",
)  # fmt: skip
_GLOVE_ALPHA = 0.05  # the learning rate of Pennington, Socher and Manning (2014)

# A setting that would be ignored unless another has this value.
_ONLY_WITH = {
    "negative": ("loss", "negative"),
    "noise_exponent": ("loss", "negative"),
    "min_n": ("algorithm", "fasttext"),
    "max_n": ("algorithm", "fasttext"),
    "buckets": ("algorithm", "fasttext"),
    **dict.fromkeys(_OF_GLOVE, ("algorithm", "glove")),
    **dict.fromkeys(_OF_PHRASES, ("phrases", True)),
}
_DEFAULT = {"loss": "negative", "algorithm": "word2vec", "phrases": False}

# Any number, not only a whole one.
_REAL = {"noise_exponent", "sample", "alpha", "min_alpha", "x_max", "glove_alpha", "phrase_threshold"}

# Outside these Gensim raises, hangs, or trains a model that is noise, mostly without a word.
_LIMITS: dict[str, tuple[float, float]] = {
    "dim": (1, 10_000),
    "window": (1, 1_000),
    "epochs": (1, 100_000),
    "min_count": (1, 1_000_000_000),
    "max_vocab": (1, 1_000_000_000),
    "negative": (1, 100),
    "noise_exponent": (-2, 2),
    "sample": (0, 0.999_999),
    "alpha": (1e-9, 0.5),
    "min_alpha": (0, 0.5),
    "min_n": (1, 100),
    "max_n": (1, 100),
    "buckets": (1, 100_000_000),
    "x_max": (1e-3, 1e9),
    "glove_alpha": (0, 10),
    "glove_memory": (1, 1_000_000),
    "workers": (1, 1_024),
    "seed": (0, 2**32 - 1),
    "phrase_passes": (1, 5),
    "phrase_min_count": (1, 1_000_000_000),
}

# The score above which two words are a phrase: by default, at least and at most. The defaults are Gensim's for the
# original scorer and the middle of what NPMI gives to words that occur together more often than by chance.
_PHRASE_THRESHOLDS: dict[PhraseScorer, tuple[float, float, float]] = {
    "original": (10.0, 1e-9, 1e9),
    "npmi": (0.5, -1.0, 1.0),
}


class _Auto(NamedTuple):
    """What `auto` stands for in a text of at most so many tokens."""

    tokens: float
    dim: int
    window: int
    epochs: int
    min_count: int


# Measured with `benchmarks/auto_settings.py` on English and Chinese; docs/training.md has the scores. A small text
# needs many passes before its words move apart, and has too few contexts for many dimensions, but more in a wider
# window.
_BY_TOKENS = (
    _Auto(20_000, dim=50, window=5, epochs=60, min_count=1),  # 50 KB: nothing tried was better beyond chance
    _Auto(60_000, dim=100, window=5, epochs=40, min_count=2),  # between those measured
    _Auto(200_000, dim=100, window=10, epochs=40, min_count=2),  # 500 KB
    _Auto(2_000_000, dim=100, window=10, epochs=20, min_count=3),  # 5 MB
    _Auto(20_000_000, dim=200, window=10, epochs=10, min_count=5),  # 50 MB
    _Auto(200_000_000, dim=300, window=5, epochs=5, min_count=5),
    _Auto(float("inf"), dim=300, window=5, epochs=3, min_count=10),
)

# For GloVe: the count of the whole weight, for a text of at most this many tokens. The authors' own choices, for
# text8 and for billions of tokens.
_X_MAX_BY_TOKENS: tuple[tuple[float, float], ...] = ((200_000_000, 10.0), (float("inf"), 100.0))
# And the epochs, found by experiment: before, the vectors of all words point much the same way, and after, fewer
# neighbours are borne out by other vectors.
_GLOVE_EPOCHS_BY_TOKENS: tuple[tuple[float, int], ...] = ((20_000, 60), (200_000, 25), (float("inf"), 15))

# A text this small trains in seconds, and one worker gives the same model each time.
_ONE_WORKER = 200_000


def default_phrase_threshold(scorer: PhraseScorer) -> float:
    """Return the score above which two words are a phrase by default."""
    return _PHRASE_THRESHOLDS[scorer][0]


def glove_epochs(tokens: int) -> int:
    """Return the epochs that GloVe takes by default for a text of so many tokens."""
    return next(epochs for most, epochs in _GLOVE_EPOCHS_BY_TOKENS if tokens <= most)


def auto_settings(settings: TrainSettings, tokens: int, processors: int) -> TrainSettings:
    """Return the settings with those that are `auto` chosen, but for what `auto_for_words` chooses.

    Args:
        settings: what the user chose.
        tokens: number of tokens in the corpus.
        processors: number of processors that may be used.
    """
    auto = next(row for row in _BY_TOKENS if tokens <= row.tokens)
    chosen: dict[str, Any] = {
        "algorithm": "word2vec",
        "dim": auto.dim,
        "min_count": auto.min_count,
        "workers": 1 if tokens <= _ONE_WORKER else processors,
    }
    if settings.algorithm == "glove":
        x_max = next(row[1] for row in _X_MAX_BY_TOKENS if tokens <= row[0])
        chosen |= {"window": 10, "epochs": glove_epochs(tokens), "x_max": x_max}
    else:
        chosen |= {"window": auto.window, "epochs": auto.epochs, "architecture": "skipgram"}
    if settings.phrases:
        chosen["phrase_threshold"] = default_phrase_threshold(settings.phrase_scorer)
    return replace(settings, **{name: value for name, value in chosen.items() if getattr(settings, name) is None})


def auto_for_words(settings: TrainSettings, words: Sequence[str]) -> TrainSettings:
    """Return the settings with `buckets` and `unknown_words`, which depend on the vocabulary, chosen if `auto`."""
    if settings.algorithm == "fasttext":
        buckets = settings.buckets or auto_buckets(words, settings.min_n, settings.max_n)
        return replace(settings, buckets=buckets, unknown_words="subwords")
    if settings.unknown_words is not None:
        return settings
    from wvcli.vectors.fitted_subwords import has_letters

    return replace(settings, unknown_words="subwords" if has_letters(words) else "none")


def auto_buckets(words: Sequence[str], min_n: int, max_n: int) -> int:
    """Return how many hash buckets the n-grams of a vocabulary get.

    They are about two for each distinct n-gram, but not more than fastText's 2,000,000, so that a small model is a
    small file. The distinct n-grams are estimated from the words' lengths, assuming that each is in three words.
    """
    ngrams = sum(max(0, len(word) + 3 - n) for word in words for n in range(min_n, max_n + 1))
    return max(10_000, min(2_000_000, ngrams * 2 // 3))
