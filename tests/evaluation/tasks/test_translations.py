"""Translations are scored as vecmap's and MUSE's programs do, and all words that are missed are counted."""

from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.two_languages import languages
from wvcli.analysis import aligning
from wvcli.errors import InputError, UsageError
from wvcli.vectors.bilingual import Alignment

BOTH = languages(noise=0.7)
TOPS = (1, 5, 10)


@pytest.fixture(scope="module")
def alignment(tmp_path_factory: pytest.TempPathFactory) -> Alignment:
    dictionary = BOTH.dictionary(tmp_path_factory.mktemp("dictionary") / "pairs.tsv", range(0, 400, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligning, "FEWEST_TO_REFINE", 5)
        return wvcli.align(BOTH.source, BOTH.target, dictionary=dictionary, held_out=0, refine=1)


def test_the_scores_are_those_of_the_other_programs(alignment: Alignment, tmp_path: Path) -> None:
    """Words with several translations, of which one may be missing, and words of which all are missing."""
    gold: dict[str, list[str]] = {}
    for number in range(1, 400, 3):
        gold[f"s{number}"] = [f"t{number}", *([f"t{(number * 7) % 400}"] if number % 2 else []), "missing"][
            : 1 + number % 3
        ]
    gold |= {"s9": ["missing"], "unknown": ["t3"]}
    file = tmp_path / "test.tsv"
    file.write_text("".join(f"{word}\t{other}\n" for word, others in gold.items() for other in others))
    rows = {row.measure: row for row in wvcli.evaluate(alignment, file)}
    assert list(rows) == ["p@1", "p@5", "p@10", "mrr", "map", "nearest@1"]
    one, two = (side.map(np.asarray(side.vectors.matrix)) for side in (alignment.source, alignment.target))
    cosines = one @ two.T
    own, others = (np.sort(each, axis=1)[:, -10:].mean(axis=1) for each in (cosines, cosines.T))
    expected: dict[str, list[float]] = {name: [] for name in rows}
    for word, translations in gold.items():
        source = BOTH.source.index(word)
        right = {BOTH.target.index(each) for each in translations} - {None}
        if source is None or not right:
            continue
        order = np.argsort(-(2 * cosines[source] - own[source] - others)).tolist()
        for top in TOPS:
            expected[f"p@{top}"].append(bool(right & set(order[:top])))
        ranks = sorted(order.index(each) + 1 for each in right)
        expected["mrr"].append(1 / ranks[0])
        expected["map"].append(float(np.mean([place / rank for place, rank in enumerate(ranks, 1)])))
        expected["nearest@1"].append(int(cosines[source].argmax()) in right)
    covered = len(expected["mrr"])
    assert 0.1 < np.mean(expected["p@1"]) < 0.9
    for name, row in rows.items():
        assert (row.kind, row.items, row.covered) == ("translations", len(gold), covered)
        assert row.score == pytest.approx(np.mean(expected[name]), abs=1e-6)
        assert row.score_all == pytest.approx(np.sum(expected[name]) / len(gold), abs=1e-6)
    assert rows["p@1"].low is not None
    assert rows["p@1"].low < np.mean(expected["p@1"]) < (rows["p@1"].high or 0)


def test_alignments_are_compared_word_by_word(alignment: Alignment, tmp_path: Path) -> None:
    dictionary = BOTH.dictionary(tmp_path / "few.tsv", range(0, 400, 20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligning, "FEWEST_TO_REFINE", 5)
        worse = wvcli.align(
            BOTH.source, BOTH.target, dictionary=dictionary, held_out=0, refine=0, method="procrustes"
        )
    file = BOTH.dictionary(tmp_path / "test.tsv", range(1, 400, 2))
    first, other = [row for row in wvcli.evaluate([alignment, worse], file) if row.measure == "p@1"]
    assert (first.p_value, other.in_common) == (None, 200)
    assert other.p_value is not None


def test_what_cannot_be_scored_is_refused(alignment: Alignment, tmp_path: Path) -> None:
    file = BOTH.dictionary(tmp_path / "test.tsv", range(5))
    with pytest.raises(UsageError, match="no set of translations is bundled"):
        wvcli.evaluate(alignment)
    with pytest.raises(UsageError, match="models and alignments are scored on sets of different kinds"):
        wvcli.evaluate([alignment, BOTH.source], file)  # type: ignore[list-item]
    file.write_text("a\tb\nc\n")
    with pytest.raises(InputError, match="line 2: 'c' is not a word, a tab and its translation"):
        wvcli.evaluate(alignment, file)
