"""What training begins with and looks up is what Gensim makes, to the bit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.engines.runs import BASE, SUBWORDS, encode, make_texts, start_fast
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training.engines import _tables
from wvcli.training.engines._tables import Lists, Tables
from wvcli.training.engines.gensim import GensimTrainer
from wvcli.training.settings import TrainSettings


def gensims(corpus: EncodedCorpus, settings: TrainSettings) -> GensimTrainer:
    return GensimTrainer(corpus, settings, lambda count: None, lambda note: None)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    return encode(make_texts(60), tmp_path_factory.mktemp("corpus"))


@pytest.mark.parametrize(
    "change",
    [{}, {"sample": 0.0}, {"loss": "hierarchical"}, {"noise_exponent": -0.5}, {"min_n": 1, "max_n": 1}],
    ids=str,
)
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
@given(counts=st.lists(st.integers(1, 10**7), min_size=2, max_size=40), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tables_and_weights_are_those_that_gensim_makes(
    corpus: EncodedCorpus, base: TrainSettings, change: dict[str, Any], counts: list[int], seed: int
) -> None:
    words = ["a", "Ünder", "猫", *(f"w{number:o}" for number in range(40))][: len(counts)]
    frequencies = np.array(sorted(counts, reverse=True), dtype=np.int64)
    corpus = replace(corpus, words=words, counts=frequencies, frequencies=frequencies)
    chosen = replace(base, dim=7, seed=seed, **change)
    theirs = gensims(corpus, chosen)
    ours = Tables.of(words, frequencies, chosen)
    for name, table in vars(theirs.tables).items():
        for one, other in pairs(table, getattr(ours, name)):
            np.testing.assert_array_equal(one, other, err_msg=name)
    first = theirs.tensors["vectors" if base.algorithm == "word2vec" else "input.words"]
    drawn = np.empty(first.shape, dtype=np.float32)
    _tables.draw_weights(drawn, seed)
    np.testing.assert_array_equal(drawn, first)


def pairs(one: Any, other: Any) -> list[tuple[Any, Any]]:
    """Return the arrays of two tables, beside each other."""
    return [(vars(one)[key], vars(other)[key]) for key in vars(one)] if isinstance(one, Lists) else [(one, other)]


@pytest.mark.parametrize("settings", [BASE, SUBWORDS, replace(BASE, dim=9)], ids=["word2vec", "fasttext", "dim"])
def test_a_fresh_model_has_the_weights_of_gensims(
    corpus: EncodedCorpus, settings: TrainSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tables, "_ROWS_AT_ONCE", 6)
    ours, theirs = start_fast(corpus, settings), gensims(corpus, settings)
    assert ours.tensors.keys() == theirs.tensors.keys()
    for name, array in theirs.tensors.items():
        np.testing.assert_array_equal(ours.tensors[name], array)
    np.testing.assert_array_equal(ours.vectors(), theirs.vectors())
    assert ours.expected_sample() == theirs.expected_sample()
    assert ours.loss() == theirs.loss()


def test_lists_of_some_words_are_those_of_all() -> None:
    lists = Lists.of([[1, 2], [], [3], [4, 5, 6]])
    some = lists.some(np.array([3, 1, 0, 3], dtype=np.uint32))
    assert [some[word].tolist() for word in range(4)] == [[4, 5, 6], [], [1, 2], [4, 5, 6]]
    assert some.lengths().tolist() == [3, 0, 2, 3]
