import json
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wvcli.errors import UsageError
from wvcli.training.settings import TrainSettings, auto_buckets, auto_settings
from wvcli.vectors.subwords import ngrams

NAMES = [field.name for field in fields(TrainSettings)]
FASTTEXT = {"algorithm": "fasttext"}
GLOVE = {"algorithm": "glove"}
NO_NUMBERS = {"algorithm", "architecture", "loss", "fixed_window", "phrases", "phrase_scorer", "unknown_words"}
LIMITS: list[tuple[str, float, float, dict[str, Any]]] = [
    ("dim", 1, 10_000, {}),
    ("window", 1, 1_000, {}),
    ("epochs", 1, 100_000, {}),
    ("min_count", 1, 1_000_000_000, {}),
    ("max_vocab", 1, 1_000_000_000, {}),
    ("negative", 1, 100, {}),
    ("noise_exponent", -2, 2, {}),
    ("sample", 0, 0.999_999, {}),
    ("alpha", 1e-9, 0.5, {"min_alpha": 0}),
    ("min_alpha", 0, 0.5, {"alpha": 0.5}),
    ("min_n", 1, 100, {**FASTTEXT, "max_n": 100}),
    ("max_n", 1, 100, {**FASTTEXT, "min_n": 1}),
    ("buckets", 1, 100_000_000, FASTTEXT),
    ("x_max", 1e-3, 1e9, GLOVE),
    ("glove_alpha", 0, 10, GLOVE),
    ("glove_memory", 1, 1_000_000, GLOVE),
    ("workers", 1, 1_024, {}),
    ("seed", 0, 2**32 - 1, {}),
    ("phrase_passes", 1, 5, {"phrases": True}),
    ("phrase_threshold", 1e-9, 1e9, {"phrases": True}),
    ("phrase_threshold", -1, 1, {"phrases": True, "phrase_scorer": "npmi"}),
    ("phrase_min_count", 1, 1_000_000_000, {"phrases": True}),
]


@pytest.mark.parametrize(("name", "low", "high", "others"), LIMITS)
def test_a_setting_is_taken_up_to_its_limits_and_refused_beyond(
    name: str, low: float, high: float, others: dict[str, Any]
) -> None:
    step = 1e-9 if name in ("noise_exponent", "sample", "alpha", "min_alpha", "glove_alpha") else 1
    for value in (low, high):
        assert getattr(TrainSettings.of({**others, name: value}), name) == value
    for value in (low - step, high + step, -1e300, 1e300, float("nan"), float("inf"), float("-inf")):
        with pytest.raises(UsageError, match=r"must be (between|a whole number)") as caught:
            TrainSettings.of({**others, name: value})
        assert caught.value.message.startswith(f"`{name}` must be ")


def test_every_number_has_its_limits_tested() -> None:
    assert {name for name, *_ in LIMITS} == set(NAMES) - NO_NUMBERS


@pytest.mark.parametrize("name", ["dim", "window", "epochs", "min_count", "seed"])
@pytest.mark.parametrize("value", ["5", 5.5, [5]])
def test_a_whole_number_must_be_one(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"`{name}` must be a whole number"):
        TrainSettings.of({name: value})


@pytest.mark.parametrize("name", ["algorithm", "architecture", "loss"])
@pytest.mark.parametrize("value", ["", "lsa", "Word2Vec", 1, True])
def test_a_choice_must_be_one_of_those_named(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"`{name}` must be ") as caught:
        TrainSettings.of({name: value})
    assert repr(value) in caught.value.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"alpha": 0.01, "min_alpha": 0.02}, "`min_alpha=0.02` is above `alpha=0.01`"),
        ({**FASTTEXT, "min_n": 5, "max_n": 4}, "`min_n=5` is above `max_n=4`"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        TrainSettings.of(given)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"negative": 3, "loss": "hierarchical"}, "`loss=negative`"),
        ({"noise_exponent": 0.5, "loss": "hierarchical"}, "`loss=negative`"),
        ({"min_n": 2}, "`algorithm=fasttext`"),
        ({"max_n": 7}, "`algorithm=fasttext`"),
        ({"buckets": 100}, "`algorithm=fasttext`"),
        ({"buckets": 100, "algorithm": "word2vec"}, "`algorithm=fasttext`"),
        ({"x_max": 10}, "`algorithm=glove`"),
        ({"glove_alpha": 0.5, **FASTTEXT}, "`algorithm=glove`"),
        ({"glove_memory": 100}, "`algorithm=glove`"),
        ({"buckets": 100, **GLOVE}, "`algorithm=fasttext`"),
    ],
)
def test_a_setting_that_would_be_ignored_is_refused(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(UsageError, match=f"no effect without {missing}"):
        TrainSettings.of(given)


@pytest.mark.parametrize(
    "name",
    ["architecture", "loss", "fixed_window", "negative", "noise_exponent", "sample", "min_alpha"],
)
def test_a_setting_that_means_nothing_to_glove_is_refused(name: str) -> None:
    value = {"architecture": "cbow", "loss": "negative", "fixed_window": True, "negative": 5}.get(name, 0.01)
    like_glove = TrainSettings.of(GLOVE)
    for chosen, like in (({name: value, **GLOVE}, None), ({name: value}, like_glove)):
        with pytest.raises(UsageError, match=f"`{name}` has no effect with `algorithm=glove`"):
            TrainSettings.of(chosen, like)
    assert TrainSettings.of({name: None, "fixed_window": False, **GLOVE}) == like_glove


def test_glove_has_a_learning_rate_of_its_own() -> None:
    glove = TrainSettings.of({**GLOVE, "x_max": 5})
    assert glove.alpha == 0.05
    assert TrainSettings.of({**GLOVE, "alpha": 1e-5}).alpha == 1e-5
    skipgram = TrainSettings.of({"architecture": "skipgram", "negative": 9, "sample": 0.1, "dim": 7})
    assert TrainSettings.of(GLOVE, skipgram) == TrainSettings.of({**GLOVE, "dim": 7})
    assert TrainSettings.of({"algorithm": "word2vec", "dim": 7}, glove) == TrainSettings.of(
        {"algorithm": "word2vec", "dim": 7}
    )


@pytest.mark.parametrize(
    ("tokens", "epochs", "x_max"), [(10_000, 60, 10), (10**5, 25, 10), (10**7, 15, 10), (10**9, 15, 100)]
)
def test_glove_is_chosen_for_by_size_too(tokens: int, epochs: int, x_max: float) -> None:
    chosen = auto_settings(TrainSettings.of(GLOVE), tokens, 4)
    assert (chosen.window, chosen.epochs, chosen.x_max, chosen.architecture) == (10, epochs, x_max, None)


@pytest.mark.parametrize(
    "given",
    [
        {**FASTTEXT, "min_n": 2, "max_n": 3, "buckets": 7},
        {"loss": "hierarchical"},
        {"loss": "hierarchical", **FASTTEXT, "min_n": 1},
        {"negative": 3, "noise_exponent": 0.5},
        {"negative": None, "loss": "hierarchical"},
    ],
)
def test_a_setting_that_applies_is_taken(given: dict[str, Any]) -> None:
    settings = TrainSettings.of(given)
    assert all(getattr(settings, name) == value for name, value in given.items() if value is not None)


@pytest.mark.parametrize("name", ["vector_size", "sg", "", "Dim", "to_json"])
def test_a_setting_that_does_not_exist_is_refused_by_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"no setting called {name}"):
        TrainSettings.of({name: 1})


def test_none_means_not_chosen() -> None:
    assert TrainSettings.of(dict.fromkeys(NAMES)) == TrainSettings()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        TrainSettings().dim = 3  # type: ignore[misc]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "algorithm": st.sampled_from(["word2vec", "fasttext", "glove"]),
            "architecture": st.sampled_from(["cbow", "skipgram"]),
            "loss": st.sampled_from(["negative", "hierarchical"]),
            "dim": st.integers(1, 10_000),
            "fixed_window": st.booleans(),
            "sample": st.floats(0, 0.9),
            "alpha": st.floats(1e-4, 0.5),
            "noise_exponent": st.floats(-2, 2),
            "seed": st.integers(0, 2**32 - 1),
            "max_vocab": st.integers(1, 10**9),
        },
    )
)
def test_settings_survive_json(given: dict[str, Any]) -> None:
    settings = TrainSettings(**given)
    assert TrainSettings(**json.loads(json.dumps(settings.to_json()))) == settings
    assert list(settings.to_json()) == NAMES


@pytest.mark.parametrize(
    ("tokens", "dim", "window", "epochs", "min_count"),
    [
        (1, 50, 5, 60, 1),
        (20_000, 50, 5, 60, 1),
        (20_001, 100, 5, 40, 2),
        (60_000, 100, 5, 40, 2),
        (200_000, 100, 10, 40, 2),
        (200_001, 100, 10, 20, 3),
        (2_000_000, 100, 10, 20, 3),
        (20_000_000, 200, 10, 10, 5),
        (200_000_000, 300, 5, 5, 5),
        (200_000_001, 300, 5, 3, 10),
        (10**12, 300, 5, 3, 10),
    ],
)
def test_what_is_left_open_is_chosen_by_the_size_of_the_corpus(
    tokens: int, dim: int, window: int, epochs: int, min_count: int
) -> None:
    chosen = auto_settings(TrainSettings(), tokens, processors=3)
    assert (chosen.dim, chosen.window, chosen.epochs, chosen.min_count) == (dim, window, epochs, min_count)
    assert chosen.workers == (1 if tokens <= 200_000 else 3)
    assert (chosen.algorithm, chosen.architecture) == ("word2vec", "skipgram")
    assert chosen.max_vocab is None
    left_open = [name for name in NAMES if getattr(chosen, name) is None]
    assert left_open == ["max_vocab", "buckets", "x_max", "glove_memory", "unknown_words", "phrase_threshold"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("algorithm", "fasttext"),
        ("architecture", "cbow"),
        ("dim", 7),
        ("window", 2),
        ("epochs", 1),
        ("min_count", 9),
        ("workers", 1),
        ("sample", 0.0),
        ("min_alpha", 0.0),
        ("seed", 0),
        ("noise_exponent", 0.0),
    ],
)
def test_what_the_user_chose_is_left_alone(name: str, value: object) -> None:
    assert getattr(auto_settings(TrainSettings.of({name: value}), 10**6, 8), name) == value


@given(st.lists(st.text(min_size=1, max_size=12), max_size=50), st.integers(1, 5), st.integers(0, 4))
def test_there_are_enough_buckets_and_never_more_than_fasttext_has(
    words: list[str], min_n: int, more: int
) -> None:
    buckets = auto_buckets(words, min_n, min_n + more)
    assert 10_000 <= buckets <= 2_000_000
    occurring = sum(len(ngrams(word, min_n, min_n + more)) for word in words)
    assert buckets >= min(2_000_000, occurring * 2 // 3 - 1)


def test_a_large_vocabulary_gets_fasttexts_number_of_buckets() -> None:
    assert auto_buckets(["abcdefghij"] * 200_000, 3, 6) == 2_000_000
    assert 10_000 < auto_buckets(["abcdefghij"] * 2_000, 3, 6) < 2_000_000
