"""Two models are brought into one space from what is known of their words, and refused where nothing fits."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.against_gensim import vectors_of
from tests.two_languages import Languages, languages
from wvcli.analysis import aligning, self_learning
from wvcli.analysis.self_learning import PATIENT
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.reporting import Progress
from wvcli.vectors.bilingual import Alignment

TURNED = languages()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that looks at more scores sooner, since these models are small."""
    for name, effort in (("QUICK", self_learning.QUICK), ("PATIENT", self_learning.PATIENT)):
        monkeypatch.setattr(self_learning, name, replace(effort, patience=1))


def first_words(alignment: Alignment) -> list[list[str]]:
    words = list(alignment.words_of_source())
    return [[one.word for one in near] for near in alignment.nearest(words, 1)]


def test_a_model_that_was_turned_is_found_again_from_pairs_and_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dictionary = TURNED.dictionary(tmp_path / "some.tsv", range(200))
    by_pairs = wvcli.align(TURNED.source, TURNED.target, dictionary=dictionary, seed=3)
    assert TURNED.right(first_words(by_pairs)) == 1
    assert by_pairs.about["seeds"] == {
        "kind": "dictionary",
        "pairs": 200,
        "covered": 200,
        "words": 200,
        "identical": 0,
    }
    assert by_pairs.about["held_out"]["p@1"] == 1
    by_nothing = wvcli.align(TURNED.source, TURNED.target, unsupervised=True)
    assert TURNED.right(first_words(by_nothing)) == 1
    assert by_nothing.about["seeds"] == {"kind": "nothing"}
    assert by_nothing.about["held_out"] is None
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 100)
    only_turned = wvcli.align(TURNED.source, TURNED.target, dictionary=dictionary, method="procrustes")
    target = np.asarray(TURNED.target.matrix[:5])
    np.testing.assert_allclose(
        only_turned.target.map(target), target / np.linalg.norm(target, axis=1)[:, None], atol=1e-6
    )


def test_a_model_that_was_turned_is_found_again_in_whatever_order_its_words_are() -> None:
    words = list(TURNED.target)
    order = np.random.default_rng(4).permutation(len(words))
    shuffled = vectors_of(TURNED.target.matrix[order], [words[row] for row in order])
    found = wvcli.align(TURNED.source, shuffled, unsupervised=True)
    assert TURNED.right(first_words(found)) == 1
    assert found.about["agreement"] == 1


@pytest.mark.slow
def test_models_that_differ_in_dimensions_and_by_noise_are_aligned_the_same_each_time(tmp_path: Path) -> None:
    both = languages(words=900, noise=0.5, target_dim=12)
    dictionary = both.dictionary(tmp_path / "many.tsv", range(600))
    made = [wvcli.align(both.source, both.target, dictionary=dictionary, seed=2) for _ in range(2)]
    assert both.right(first_words(made[0])) > 0.6
    held = made[0].about["held_out"]
    assert held["words"] == 60
    assert held["low"] < held["p@1"] < held["high"]
    assert held["p@1"] <= held["p@10"]
    assert made[0].about == made[1].about
    assert made[0].source.matrix.tobytes() == made[1].source.matrix.tobytes()
    assert made[0].target.hubness.tobytes() == made[1].target.hubness.tobytes()


def test_words_spelt_alike_are_enough(tmp_path: Path) -> None:
    alike = Languages(
        vectors_of(TURNED.source.matrix, [word[1:] for word in TURNED.source]),
        vectors_of(TURNED.target.matrix, [word[1:] if int(word[1:]) < 150 else word for word in TURNED.target]),
    )
    notes: list[str] = []
    found = wvcli.align(alike.source, alike.target, on_note=notes.append)
    assert found.about["seeds"] == {"kind": "words spelt alike", "identical": 150}
    pairs = zip(alike.source, first_words(found), strict=True)
    assert all(word == near[0].removeprefix("t") for word, near in pairs)
    assert not notes
    wvcli.align(TURNED.source, TURNED.target, on_note=notes.append)
    assert notes == [
        "only 0 words are spelt alike in both models; the alignment begins from nothing, as with `unsupervised`"
    ]


def texts(numbers: range) -> list[tuple[str, str]]:
    """Parallel lines: each word in three, beside others."""
    rng = np.random.default_rng(2)
    lines = []
    for number in (number for number in numbers for _ in range(3)):
        words = [number, *rng.integers(0, 400, 3).tolist()]
        lines.append((" ".join(f"s{word}" for word in words), " ".join(f"t{word}" for word in words[::-1])))
    return lines


@pytest.mark.parametrize("files", [1, 2])
def test_parallel_text_tells_pairs(files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 100)
    lines = texts(range(100, 300))
    if files == 1:
        paths = [tmp_path / "both.tsv"]
        paths[0].write_text("".join(f"{one}\t{two}\n" for one, two in lines), encoding="utf-8")
    else:
        paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
        for path, side in zip(paths, zip(*lines, strict=True), strict=True):
            path.write_text("\n".join(side), encoding="utf-8")
    seen: list[Progress] = []
    found = wvcli.align(TURNED.source, TURNED.target, parallel=paths, on_progress=seen.append)
    seeds = found.about["seeds"]
    assert seeds["lines"] == 600
    assert seeds["from_lines"] >= 200
    assert found.about["held_out"]["of"] == "parallel text"
    assert TURNED.right(first_words(found)) == 1
    stages = [stage for stage, _ in itertools.groupby(progress.stage for progress in seen)]
    assert stages[-2:] == ["aligning", "measuring"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("s1\tt1\ns2\n", "pairs.tsv, line 2: 's2' is not a word, a tab and its translation"),
        ("s1\tt1\tt2\n", r"line 1: 's1\\tt1\\tt2' is not a word, a tab and its translation"),
        (
            "ice cream glace\n",
            "line 1: .* is not a word, a tab and its translation .a phrase needs a tab after it",
        ),
        ("a\tb\nc\td\n", "of the 2 pairs in .*pairs.tsv none has the first word in the source and the second in"),
        ("t1\ts1\n", "none has the first word"),
    ],
)
def test_a_dictionary_that_does_not_fit_is_named_with_its_line(lines: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_text(lines, encoding="utf-8")
    with pytest.raises(InputError, match=message) as failure:
        wvcli.align(TURNED.source, TURNED.target, dictionary=file)
    assert ("other way round" in failure.value.hint) == lines.startswith("t1")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["s1 s2\tt1 t2\ns3\n"], "line 2: a text, a tab and its translation are expected, found 1 field"),
        (["s1\n", "t1\nt2\n"], "differ in their numbers of lines"),
        (["s1\nt1\n", "t1\n"], "differ in their numbers of lines"),
        (["who\tknows\n"], "no two words of the models go together in the 1 lines"),
    ],
)
def test_parallel_text_that_does_not_fit_is_refused(lines: list[str], message: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(len(lines))]
    for file, text in zip(files, lines, strict=True):
        file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        wvcli.align(TURNED.source, TURNED.target, parallel=files)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"identical": False}, "there are no pairs to learn from"),
        ({"unsupervised": True, "identical": True}, "`unsupervised` uses no pairs at all"),
        ({"held_out": 0.7}, "`held_out` must be from 0 to 0.5, not 0.7"),
        ({"fail_under": 1.5}, "`fail_under` is a share from 0 to 1"),
        ({"restrict_top": 4}, "`restrict_top` must be at least 5, not 4"),
        ({"refine": -1}, "`refine` must be at least 0"),
        ({"parallel": ["a", "b", "c"]}, "parallel text is one file or two, not 3"),
        ({"method": "cca"}, "`method` must be multistep or procrustes, not 'cca'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wvcli.align(TURNED.source, TURNED.target, **arguments)  # type: ignore[arg-type]


def test_too_few_pairs_one_model_and_a_low_score_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 100)
    few = TURNED.dictionary(tmp_path / "few.tsv", range(3))
    with pytest.raises(UsageError, match="3 pairs of words in both models are too few; 5 are needed"):
        wvcli.align(TURNED.source, TURNED.target, dictionary=few, identical=False)
    with pytest.raises(UsageError, match="the source and the target are the same model"):
        wvcli.align(TURNED.source, TURNED.source, unsupervised=True)
    both = languages(noise=2.0).in_files(tmp_path)
    with pytest.raises(UsageError, match="the same model"):
        wvcli.align(both.source, wvcli.load(tmp_path / "en.safetensors"), unsupervised=True)
    dictionary = both.dictionary(tmp_path / "all.tsv", range(400))
    with pytest.raises(WvcliError, match=r"the held-out P@1 is 0\.\d+, below 0.99; nothing was written"):
        wvcli.align(both.source, both.target, tmp_path / "no", dictionary=dictionary, fail_under=0.99)
    assert not list(tmp_path.glob("no*"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((400, 16)), "the target has 0 words with a vector that is not zero, and an alignment needs 5"),
        (np.full((400, 16), np.nan), "the target has 0 words with a vector"),
        (np.empty((0, 16)), "the target has 0 words with a vector"),
        (np.eye(1, 16), "the target has 1 word with a vector"),
        (np.ones((400, 1)), "the vectors of the target have 1 dimension, and an alignment needs 2 or more"),
    ],
    ids=["zeros", "NaN", "no word", "one word", "one dimension"],
)
def test_a_model_in_which_nothing_has_a_direction_is_refused(rows: np.ndarray, message: str) -> None:  # type: ignore[type-arg]
    empty = vectors_of(rows, [f"t{number}" for number in range(len(rows))])
    with pytest.raises(UsageError, match=message):
        wvcli.align(TURNED.source, empty, unsupervised=True)
    with pytest.raises(UsageError, match=message.replace("target", "source")):
        wvcli.align(empty, TURNED.source, unsupervised=True)


@pytest.mark.parametrize("pairs", [0, 300])
def test_vectors_that_are_all_alike_have_no_alignment(
    pairs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 100)
    alike = vectors_of(np.ones((400, 16)), list(TURNED.target))
    dictionary = TURNED.dictionary(tmp_path / "some.tsv", range(pairs)) if pairs else ()
    with pytest.raises(WvcliError, match="no alignment was found"):
        wvcli.align(TURNED.source, alike, dictionary=dictionary, unsupervised=not pairs)


def test_words_without_a_direction_do_not_disturb_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = []
    for vectors in (TURNED.source, TURNED.target):
        matrix = np.array(vectors.matrix)
        matrix[[3, 50]], matrix[10], matrix[20, 3], matrix[30] = 0, np.nan, np.inf, -np.inf
        matrix[40] *= 1e30
        broken.append(replace(vectors, matrix=matrix))
    lost = {3, 10, 20, 30, 50}
    known = [number for number in range(200) if number not in lost and broken[1].index(f"t{number}") not in lost]
    (tmp_path / "some.tsv").write_text("".join(f"s{number}\tt{number}\n" for number in range(200)))
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 100)
    alignment = wvcli.align(*broken, dictionary=tmp_path / "some.tsv", held_out=0)
    assert [alignment.translate(f"s{number}", 1)[0].word for number in known] == [f"t{each}" for each in known]
    assert alignment.translate("s3") == alignment.translate("s10") == []
    common = alignment.source.in_common_space()
    assert np.flatnonzero(~np.isfinite(common.matrix[:]).all(axis=1)).tolist() == [10, 20, 30]
    assert common.most_similar("s40", 1)[0][1] > 0


def test_a_phrase_of_a_dictionary_is_looked_up_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "FEWEST_TO_REFINE", 5)
    phrases = vectors_of(TURNED.source.matrix, ["ice_cream", *list(TURNED.source)[1:]])
    (tmp_path / "some.tsv").write_text("ice cream\tt0\n" + "".join(f"s{row}\tt{row}\n" for row in range(1, 50)))
    found = wvcli.align(phrases, TURNED.target, dictionary=tmp_path / "some.tsv", identical=False, refine=0)
    assert found.about["seeds"]["covered"] == 50


@pytest.mark.parametrize(
    "pairs", [pytest.param(0, marks=pytest.mark.slow), pytest.param(60, marks=pytest.mark.slow), 600]
)
def test_vectors_that_have_nothing_to_do_with_each_other_have_no_alignment(
    pairs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_learning, "PATIENT", PATIENT)
    both = languages(words=700)
    other = vectors_of(np.random.default_rng(1).normal(size=(700, 16)), list(both.target))
    dictionary = both.dictionary(tmp_path / "wrong.tsv", range(pairs)) if pairs else ()
    with pytest.raises(WvcliError, match="no alignment was found") as failure:
        wvcli.align(both.source, other, dictionary=dictionary, identical=False if pairs else None)
    assert failure.value.exit_code == 1
