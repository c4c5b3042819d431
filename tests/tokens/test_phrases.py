"""Phrases are those of Gensim, joined as Gensim joins them, and no token is lost on the way."""

import json
import shlex
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.phrases import Phrases, original_scorer
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

import wvcli
from tests.conftest import CLONE, Run
from tests.tokens.corpora import number_texts, sentences
from wvcli.errors import InterruptedRunError, UsageError
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.phrases import PhraseSettings, count_pairs, join, join_known
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.shards import TEXT_END
from wvcli.training.checkpoints import Checkpoints
from wvcli.training.settings import TrainSettings, auto_settings
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

Texts = list[list[str]]
FAST: dict[str, Any] = {"dim": 8, "epochs": 2, "min_count": 1, "workers": 1}
CITIES = [
    "I visit New York in June",
    "New York is large",
    "a dog and a cat",
    "she left New York",
    "we visit a cat",
] * 5
JOINS: dict[str, Any] = {"phrases": True, "phrase_min_count": 3, "phrase_threshold": 1.3}


def by_gensim(texts: Texts, how: TrainSettings) -> tuple[Texts, list[int]]:
    """The texts joined by Gensim's `Phrases`, and the distinct pairs that its scores make phrases in each pass."""
    found = []
    for _ in range(how.phrase_passes):
        scoring = "npmi" if how.phrase_scorer == "npmi" else "default"
        phrases = Phrases(texts, how.phrase_min_count, how.phrase_threshold, scoring=scoring)
        pairs = {pair for text in texts for pair in pairwise(text)}
        found.append(sum(phrases.score_candidate(*pair, [])[0] is not None for pair in pairs))
        texts = [phrases[text] for text in texts]
    return texts, found


def assert_as_gensim(texts: Texts, how: TrainSettings, folder: Path, shard_ids: int) -> ProvisionalCorpus:
    """Join `texts` and compare them, the phrases found and all counts with Gensim's."""
    raw = number_texts(texts, folder, shard_ids=shard_ids)
    found = list(map(len, join(raw, how.phrase_settings())))
    joined, expected_found = by_gensim([text for text in texts if text], how)
    assert found == expected_found
    words = Counter(word for text in joined for word in text)
    assert raw.words == list(words)
    assert raw.counts.tolist() == list(words.values())
    assert raw.tokens_joined == raw.tokens_read - words.total()
    trimmed = raw.trimmed(1)
    assert list(sentences(trimmed)) == joined
    assert trimmed.tokens_kept == words.total()
    return raw


@pytest.fixture(scope="module")
def english() -> Texts:
    tokenize = TokenizerSettings().tokenize()
    return [tokenize(line) for line in (CLONE / "sample_corpora/english.txt").read_text("utf-8").splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("passes", [1, 2, 3])
@pytest.mark.parametrize(("scorer", "threshold"), [("original", 10.0), ("original", 1.0), ("npmi", 0.5)])
def test_real_text_is_joined_as_gensim_joins_it(
    tmp_path: Path, english: Texts, scorer: Any, threshold: float, passes: int
) -> None:
    how = TrainSettings(
        phrases=True, phrase_passes=passes, phrase_scorer=scorer, phrase_threshold=threshold, phrase_min_count=4
    )
    raw = assert_as_gensim(english, how, tmp_path, shard_ids=9_000)
    assert len(list(raw.ids())) > 3
    assert raw.tokens_joined is not None
    assert raw.tokens_joined > 1_000
    assert any(word.count("_") >= passes for word in raw.words)


WORDS = st.sampled_from(["a", "b", "c", "a_b", "b_c", "_", "a_", "_b", "猫"])


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(WORDS, max_size=25), max_size=12),
    st.integers(1, 3),
    st.integers(1, 3),
    st.one_of(
        st.tuples(st.just("original"), st.floats(1e-3, 5)),
        st.tuples(st.just("npmi"), st.floats(-1, 1)),
    ),
    st.integers(1, 30),
)
def test_any_text_is_joined_as_gensim_joins_it(
    tmp_path: Path, texts: Texts, passes: int, min_count: int, scoring: tuple[Any, float], shard: int
) -> None:
    """Words that hold the joint themselves, and phrases spelled alike, are counted together as Gensim does."""
    how = TrainSettings(
        phrases=True,
        phrase_passes=passes,
        phrase_min_count=min_count,
        phrase_scorer=scoring[0],
        phrase_threshold=scoring[1],
    )
    assert_as_gensim(texts, how, tmp_path, shard)


def test_pairs_are_counted_within_texts_only() -> None:
    shards = [np.array([0, 1, TEXT_END, 1, 0, 1, TEXT_END], np.uint32), np.array([2, TEXT_END, 0, 1], np.uint32)]
    pairs, counts = count_pairs(shards)
    assert pairs.tolist() == [0 << 32 | 1, 1 << 32 | 0]
    assert counts.tolist() == [3, 1]
    assert [len(array) for array in count_pairs([])] == [0, 0]


def test_a_row_of_overlapping_phrases_is_joined_from_the_left(tmp_path: Path) -> None:
    raw = number_texts([["a", "a", "a", "a", "a"], ["a", "a"]], tmp_path)
    assert join(raw, PhraseSettings(1e-3, min_count=1)) == [[("a", "a")]]
    assert list(sentences(raw.trimmed(1))) == [["a_a", "a_a", "a"], ["a_a"]]


def trained(folder: Path, lines: list[str], name: str = "model", **settings: Any) -> Vectors:
    (folder / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return wvcli.train(folder / "text.txt", folder / f"{name}.safetensors", **{**FAST, **JOINS, **settings})


def test_the_coverage_adds_up_and_the_phrases_are_recorded(tmp_path: Path) -> None:
    vectors = trained(tmp_path, CITIES, min_count=6)
    manifest = vectors.manifest
    assert list(vectors) == ["new_york", "visit", "a_cat"]
    assert manifest["phrases"] == {"found": [6]}
    coverage = manifest["coverage"]
    assert coverage == {"tokens_read": 115, "tokens_joined": 45, "tokens_kept": 35, "tokens_trained": 35}
    assert all(epoch["tokens_trained"] == coverage["tokens_kept"] for epoch in manifest["history"])


def test_without_phrases_nothing_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n".join(CITIES))
    vectors = wvcli.train(tmp_path / "text.txt", tmp_path / "plain.safetensors", **FAST)
    assert "phrases" not in vectors.manifest
    assert "tokens_joined" not in vectors.manifest["coverage"]
    assert "new_york" not in list(vectors)


def test_where_no_phrase_is_found_none_is_joined(tmp_path: Path) -> None:
    manifest = trained(tmp_path, CITIES, phrase_min_count=1_000, phrase_passes=2).manifest
    assert manifest["phrases"] == {"found": [0, 0]}
    assert manifest["coverage"]["tokens_joined"] == 0


@pytest.mark.parametrize(("scorer", "threshold"), [("original", 10.0), ("npmi", 0.5)])
def test_the_threshold_is_chosen_for_the_scorer_and_recorded(
    tmp_path: Path, scorer: str, threshold: float
) -> None:
    settings = trained(tmp_path, CITIES, phrase_threshold=None, phrase_scorer=scorer).manifest["settings"]
    assert settings["phrase_threshold"] == threshold
    assert (settings["phrases"], settings["phrase_passes"], settings["phrase_min_count"]) == (True, 1, 3)


def test_chinese_words_are_joined(tmp_path: Path) -> None:
    lines = ["人工智能改变世界", "他喜欢人工智能和音乐", "我们研究人工智能", "今天天气很好"] * 5
    tokens = [word for line in lines for word in TokenizerSettings().tokenize()(line)]
    assert "人工" in tokens or "人工智能" in tokens
    vectors = trained(tmp_path, lines, phrase_passes=2)
    joined = [word for word in vectors if "_" in word]
    assert joined
    assert all(vectors.index(word.replace("_", " ")) == vectors.index(word) for word in joined)
    coverage = vectors.manifest["coverage"]
    assert coverage["tokens_read"] == len(tokens)
    assert coverage["tokens_kept"] + coverage["tokens_joined"] == len(tokens)


def test_a_phrase_is_asked_for_with_blanks_by_people_and_pipes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cities.txt").write_text("\n".join(CITIES))
    options = ("--phrases", "--phrase-min-count", 3, "--phrase-threshold", 1.3, "--min-count", 1, "--epochs", 2)
    done = run("train", "cities.txt", *options, "--dim", 8, "--workers", 1)
    assert done.code == 0, done.err
    asked = run("similar", "New  York", "-n", 2)
    assert asked.code == 0, asked.err
    assert [row[0] for row in asked.rows] == ["New  York"] * 2
    piped = run("vector", "-", stdin="new york\nnew_york\n")
    assert piped.rows[0][1:] == piped.rows[1][1:]
    assert run("similar", "york visit").code == 4
    facts = json.loads(run("info", "--format", "json").out)
    facts = facts[0] if isinstance(facts, list) else facts
    assert facts["phrases"]["found"][0] >= 1
    before = (tmp_path / "cities.safetensors").read_bytes()
    command = run("info", "--command").out
    assert "--phrases" in command
    again = run(*shlex.split(command)[1:], "--force")
    assert again.code == 0, again.err
    assert (tmp_path / "cities.safetensors").read_bytes() == before
    assert run("train", "cities.txt", *options, "--dry-run", "--force").code == 0


def test_a_word_with_blanks_is_looked_up_as_written_first() -> None:
    words = ["new york", "new_york", "san_jose", "San_Jose", "a_b_c"]
    vectors = Vectors(Vocabulary.from_words(words), np.eye(5, dtype=np.float32))
    assert [vectors.index(word) for word in words] == [0, 1, 2, 3, 4]
    assert vectors.index("San \t Jose") == 3
    assert vectors.index("a b c") == 4
    assert vectors.index(" new_york ") is None
    assert vectors.index("  ") is None


def test_like_takes_the_phrases_over_and_can_be_told_otherwise(tmp_path: Path) -> None:
    first = trained(tmp_path, CITIES, phrase_passes=2)
    like: dict[str, Any] = {"like": first.path}
    text = tmp_path / "text.txt"
    second = wvcli.train(text, tmp_path / "second.safetensors", **like)
    assert second.manifest["settings"] == first.manifest["settings"]
    assert second.manifest["checksum"] == first.manifest["checksum"]
    third = wvcli.train(text, tmp_path / "third.safetensors", phrases=False, **like).manifest
    default = TrainSettings().to_json()
    assert {name: value for name, value in third["settings"].items() if name.startswith("phrase")} == {
        name: value for name, value in default.items() if name.startswith("phrase")
    }
    fourth = wvcli.train(text, tmp_path / "fourth.safetensors", phrase_scorer="npmi", **like).manifest
    assert (fourth["settings"]["phrase_threshold"], fourth["settings"]["phrase_passes"]) == (0.5, 2)


def test_an_interrupted_run_goes_on_with_the_same_phrases_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path, CITIES, "whole")
    often: Callable[[Checkpoints], bool] = lambda checkpoints: True  # noqa: E731
    monkeypatch.setattr(Checkpoints, "are_due", often)
    with pytest.raises(InterruptedRunError):
        trained(tmp_path, CITIES, "cut", checkpoint=1, should_stop=lambda: True)
    with pytest.raises(UsageError, match="`phrase_min_count=3` there, `phrase_min_count=2` here"):
        trained(tmp_path, CITIES, "cut", resume=True, phrase_min_count=2)
    resumed = trained(tmp_path, CITIES, "cut", resume=True)
    assert resumed.manifest["checksum"] == whole.manifest["checksum"]
    for name in ("phrases", "coverage"):
        assert resumed.manifest[name] == whole.manifest[name]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"phrase_passes": 2}, "`phrase_passes` has no effect without `phrases=True`$"),
        ({"phrase_threshold": 2.0}, "`phrase_threshold` has no effect without `phrases=True`$"),
        ({"phrase_scorer": "npmi"}, "`phrase_scorer` has no effect without `phrases=True`$"),
        ({"phrase_min_count": 2, "phrases": False}, "`phrase_min_count` has no effect without `phrases=True`$"),
        ({"phrases": True, "phrase_scorer": "pmi"}, "`phrase_scorer` must be original or npmi"),
        ({"phrases": True, "phrase_threshold": 0}, "`phrase_threshold` must be between"),
        ({"phrases": True, "phrase_threshold": 1.5, "phrase_scorer": "npmi"}, "must be between -1.0 and 1.0"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        TrainSettings.of(given)


def test_without_phrases_no_threshold_is_chosen() -> None:
    assert auto_settings(TrainSettings(), 10, 1).phrase_threshold is None


def test_a_score_must_be_above_the_threshold_not_at_it(tmp_path: Path) -> None:
    at = original_scorer(3, 3, 3, len_vocab=3, min_count=1, corpus_word_count=6)
    for threshold, expected in ((at, 0), (float(np.nextafter(at, 0)), 1)):
        assert [
            len(found)
            for found in join(number_texts([["a", "b"]] * 3, tmp_path), PhraseSettings(threshold, min_count=1))
        ] == [expected]


def test_an_update_joins_the_phrases_of_the_model_in_the_new_text(tmp_path: Path) -> None:
    old = trained(tmp_path, CITIES, min_count=6)
    (tmp_path / "more.txt").write_text("we visit new york and new jersey and a cat\n" * 8)
    new = wvcli.update(tmp_path / "model.safetensors", tmp_path / "more.txt", tmp_path / "new.safetensors")
    assert set(old) < set(new)
    assert new.count(new.index("new_york") or 0) == (old.count(old.index("new_york") or 0) or 0) + 8
    assert {"jersey", "new"} <= set(new)  # no phrase is looked for anew
    assert "york" not in new
    coverage = new.manifest["coverage"]
    assert coverage["tokens_joined"] == 16
    assert coverage["tokens_read"] - coverage["tokens_joined"] == coverage["tokens_kept"] == 8 * 8
    again = wvcli.update(tmp_path / "new.safetensors", tmp_path / "more.txt", tmp_path / "again.safetensors")
    assert set(again) == set(new)


def test_known_phrases_are_joined_as_those_found(tmp_path: Path) -> None:
    texts = [line.split() for line in CITIES]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found, known = number_texts(texts, tmp_path / "a"), number_texts(texts, tmp_path / "b")
    join_known(known, join(found, PhraseSettings(1.0, passes=2, min_count=2)))
    assert known.tokens_joined == found.tokens_joined
    assert list(sentences(known.trimmed(1))) == list(sentences(found.trimmed(1)))
