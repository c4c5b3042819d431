"""Translations are what a search through all mapped words finds, one word at a time or many together."""

from dataclasses import replace

import numpy as np
import pytest

from tests.two_languages import languages
from wvcli.errors import MissingWordError, UsageError
from wvcli.vectors.alignment import multistep_maps
from wvcli.vectors.bilingual import Alignment, of_maps
from wvcli.vectors.geometry import unit_rows
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.word_vectors import Lookup

BOTH = languages(noise=0.4, target_dim=12)


def aligned(seed: int = 0) -> Alignment:
    """An alignment learned from all pairs; both sides have maps that are no rotations."""
    target = np.array([BOTH.target.index(f"t{word[1:]}") for word in BOTH.source])
    one, two = (unit_rows(np.asarray(side.matrix)) for side in (BOTH.source, BOTH.target))
    maps = (each.astype(np.float32) for each in multistep_maps(one, two[target]))
    return of_maps(BOTH.source, BOTH.target, *maps, {})


ALIGNED = aligned()
ONE, TWO = (side.map(np.asarray(side.vectors.matrix)) for side in (ALIGNED.source, ALIGNED.target))
COSINES = ONE.astype(np.float64) @ TWO.T
OWN, OTHER = (np.sort(each, axis=1)[:, -10:].mean(axis=1) for each in (COSINES, COSINES.T))
CSLS = 2 * COSINES - OWN[:, None] - OTHER


@pytest.mark.parametrize("by", ["csls", "cosine"])
def test_translations_are_the_nearest_of_all_mapped_words(by: str) -> None:
    scores = CSLS if by == "csls" else COSINES
    for number in range(0, 400, 23):
        word = BOTH.source.vocabulary[number]
        found = ALIGNED.translate(word, 4, by=by)  # type: ignore[arg-type]
        assert [one.index for one in found] == np.argsort(-scores[number])[:4].tolist()
        for one in found:
            assert one.word == BOTH.target.vocabulary[one.index]
            assert one.similarity == pytest.approx(COSINES[number, one.index], abs=1e-5)
            assert one.csls == pytest.approx(CSLS[number, one.index], abs=1e-5)
            assert one.mutual == (scores[:, one.index].argmax() == number)
            assert one.count == BOTH.target.count(one.index)
    right = BOTH.right([[one.word for one in ALIGNED.translate(word, 1)] for word in BOTH.source])
    assert right > 0.8


def test_the_other_way_round_is_the_transposed_question() -> None:
    found = ALIGNED.reversed.translate("t7", 3)
    row = BOTH.target.index("t7")
    assert [one.index for one in found] == np.argsort(-CSLS[:, row])[:3].tolist()


def test_an_answer_is_the_same_whatever_it_is_asked_together_with() -> None:
    words = list(ALIGNED.words_of_source())
    together = aligned().nearest(words, 3)
    assert together[50:60] == [near for word in words[50:60] for near in aligned().nearest([word], 3)]


def test_what_is_left_out_is_no_answer() -> None:
    counts = BOTH.target.counts
    assert counts is not None
    found = ALIGNED.translate("s3", 400, min_count=5000)
    assert {one.index for one in found} == set(np.flatnonzero(counts >= 5000).tolist())
    mutual = ALIGNED.nearest(list(ALIGNED.words_of_source()), 2, mutual=True)
    every = ALIGNED.nearest(list(ALIGNED.words_of_source()), 2)
    assert mutual == [[one for one in near if one.mutual] for near in every] != every


def test_words_and_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(MissingWordError, match="'t3' is not in the vocabulary"):
        ALIGNED.translate("t3")
    with pytest.raises(UsageError, match="`topn` must be at least 1"):
        ALIGNED.translate("s3", 0)


def test_a_word_without_a_direction_has_no_translation_and_is_none() -> None:
    assert ALIGNED.nearest([Lookup("zero", None, np.zeros(16, dtype=np.float32))], 3) == [[]]
    matrix = np.array(BOTH.target.matrix)
    matrix[[0, 1]] = [np.zeros(12), np.full(12, np.nan)]
    broken = of_maps(
        BOTH.source, replace(BOTH.target, matrix=matrix), ALIGNED.source.matrix, ALIGNED.target.matrix, {}
    )
    for near in broken.nearest(list(broken.words_of_source())[:5], 400):
        assert {one.index for one in near} == set(range(2, 400))


def test_unseen_words_are_composed_and_then_mapped_and_so_they_are_in_a_mapped_model() -> None:
    subwords = Subwords(np.random.default_rng(3).normal(size=(50, 16)).astype(np.float32), 2, 3)
    with_subwords = replace(BOTH.source, subwords=subwords)
    alignment = Alignment(replace(ALIGNED.source, vectors=with_subwords), ALIGNED.target)
    vector = subwords.vector("unseen")
    assert vector is not None
    mapped = alignment.source.map(vector[None])
    cosines = (mapped @ TWO.T)[0]
    own = np.sort(cosines)[-10:].mean()
    found = alignment.translate("unseen", 3)
    assert [one.index for one in found] == np.argsort(-(2 * cosines - OTHER))[:3].tolist()
    assert found[0].csls == pytest.approx(2 * found[0].similarity - own - OTHER[found[0].index], abs=1e-5)
    common = alignment.source.in_common_space(with_subwords=True)
    np.testing.assert_allclose(unit_rows(common[["unseen", "s5"]])[0], mapped[0], atol=1e-5)
    np.testing.assert_allclose(unit_rows(common["s5"][None])[0], ONE[5], atol=1e-5)
    np.testing.assert_allclose(common.norms, np.linalg.norm(np.asarray(common.matrix[:]), axis=1), rtol=1e-5)
