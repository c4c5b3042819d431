"""What can be set of a classifier."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from wvcli.errors import UsageError

Balance = Literal["none", "sqrt", "full"]

FEW = 3_000  # texts, up to which n-grams that occur once are kept, and more is chosen on texts held out
USUAL_C = 0.3  # beside the best from 0.1 to 2 on reviews, questions and news
EMPHASIS = (1.0, 1.0, 1.0)
# Where words are written without spaces, n-grams of characters tell more than words as a tokenizer cuts them.
EMPHASIS_OF_IDEOGRAPHS = (0.7, 0.35, 1.5)
SMOOTHING = 0.5
# N-grams of ideographs are many and rare, and what few texts say of each is mostly chance.
SMOOTHING_OF_FEW_IDEOGRAPHS = 2.0
MOST_ORDERS = 5  # words in an n-gram of words, at most
LONGEST = 10  # characters in an n-gram of characters, at most


@dataclass(frozen=True)
class ClassifierSettings:
    """The settings of a classifier; every one is recorded in its file.

    Attributes:
        ngrams: words in the longest n-gram of words; 1 leaves out all but single words.
        characters: shortest and longest n-gram of characters in a word, of which its beginning and its end are one
            each; None leaves them out.
        ideographs: longest n-gram of characters in Chinese and Japanese text, across words.
        min_count: texts in which an n-gram must occur; None is 1 for up to 3,000 texts and 2 for more.
        c: how closely the texts are followed, the inverse of regularisation; None is chosen on texts held out, or
            0.3 where learning takes long.
        share: of naive Bayes, between 0 and 1, in the mean of its weights and those learned; None is found on
            texts held out.
        smoothing: added to the absolute log-count ratio of a feature, which is its scale; None is 2 for up to
            3,000 texts of Chinese or Japanese, and 0.5 for others.
        emphasis: of words, n-grams of words and n-grams of characters, by which their scales are multiplied; None
            is chosen by the script of the texts.
        vector_emphasis: by which vectors of texts are multiplied; None is chosen on texts held out.
        balance: `full` weighs labels as if all were as frequent, `sqrt` goes halfway there.
        multilabel: whether a text may have any number of labels; None if one has several.

    Raises:
        UsageError: a setting is out of range.
    """

    ngrams: int = 2
    characters: tuple[int, int] | None = (2, 5)
    ideographs: int = 3
    min_count: int | None = None
    c: float | None = None
    share: float | None = None
    smoothing: float | None = None
    emphasis: tuple[float, float, float] | None = None
    vector_emphasis: float | None = None
    balance: Balance = "none"
    multilabel: bool | None = None

    def __post_init__(self) -> None:
        if self.emphasis is not None:
            object.__setattr__(self, "emphasis", tuple(self.emphasis))
        if self.characters is not None:
            object.__setattr__(self, "characters", tuple(self.characters))
            low, high = self.characters
            if not 1 <= low <= high <= LONGEST:
                raise UsageError(f"`characters` must be two numbers between 1 and {LONGEST}, such as 2-5")
        for name, value, least, most in (
            ("ngrams", self.ngrams, 1, MOST_ORDERS),
            ("ideographs", self.ideographs, 0, LONGEST),
            ("min_count", self.min_count, 1, None),
        ):
            if value is not None and (value < least or (most is not None and value > most)):
                upper = f" and {most} at most" if most is not None else ""
                raise UsageError(f"`{name}` must be {least} at least{upper}, not {value}")
        numbers = [("emphasis", each) for each in self.emphasis or ()]
        for name, number in (
            ("c", self.c),
            ("smoothing", self.smoothing),
            *numbers,
            ("vector_emphasis", self.vector_emphasis),
        ):
            if number is not None and not 0 < number < float("inf"):
                raise UsageError(f"`{name}` must be above 0, not {number:g}")
        if self.share is not None and not 0 <= self.share <= 1:
            raise UsageError(f"`share` must be between 0 and 1, not {self.share:g}")
        if self.balance not in get_args(Balance):
            raise UsageError(f"`balance` must be one of {', '.join(get_args(Balance))}, not {self.balance!r}")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ClassifierSettings":
        """Return the settings that `to_json` returned as JSON."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
