"""Scores are Gensim's where both define the same thing; what a model lacks is counted both ways."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

import wvcli
from tests.against_gensim import clustered, gensim_of, vectors_of
from wvcli.errors import InputError, UsageError
from wvcli.evaluation import tasks
from wvcli.evaluation.evaluate import Evaluation, bundled, evaluate
from wvcli.reporting import Progress
from wvcli.vectors.geometry import cosine
from wvcli.vectors.word_vectors import Vectors

_CLOSE = 1e-3  # Gensim's cosines are in float32, and a small FastText model has nearly the same for all pairs

Rows = dict[tuple[str | None, str], Evaluation]


def rows_of(vectors: Vectors, file: Path, **options: object) -> Rows:
    """The rows of one model on one set, by section and measure."""
    return {(row.section, row.measure): row for row in evaluate(vectors, [file], **options)}  # type: ignore[arg-type]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        file = tmp_path / "set.txt"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def assert_pairs_are_gensims(ours: Rows, keyed: KeyedVectors, file: Path, **options: bool | int) -> None:
    pearson, spearman, missing = keyed.evaluate_word_pairs(str(file), **options)
    assert ours[None, "pearson"].score == pytest.approx(pearson[0], abs=_CLOSE)
    assert ours[None, "spearman"].score == pytest.approx(spearman[0], abs=_CLOSE)
    row = ours[None, "spearman"]
    assert 100 * (1 - row.covered / row.items) == pytest.approx(missing)
    pearson, spearman, _ = keyed.evaluate_word_pairs(str(file), dummy4unknown=True, **options)
    assert ours[None, "pearson"].score_all == pytest.approx(pearson[0], abs=_CLOSE)
    assert ours[None, "spearman"].score_all == pytest.approx(spearman[0], abs=_CLOSE)


def assert_analogies_are_gensims(ours: Rows, keyed: KeyedVectors, file: Path, **options: bool | int) -> None:
    _, sections = keyed.evaluate_word_analogies(str(file), **options)
    assert sections[-1]["section"] == "Total accuracy"
    for section in sections[:-1]:
        right, wrong = len(section["correct"]), len(section["incorrect"])
        if (section["section"], "add@1") not in ours:
            assert right + wrong == 0
            continue
        row = ours[section["section"], "add@1"]
        assert (row.covered, round((row.score or 0) * row.covered)) == (right + wrong, right), section["section"]
    accuracy, sections = keyed.evaluate_word_analogies(str(file), dummy4unknown=True, **options)
    assert ours[None, "add@1"].score_all == pytest.approx(accuracy)
    assert ours[None, "add@1"].items == len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])


# --- agreement with Gensim ---


def drawn_sets(words: list[str], seed: int) -> tuple[str, str]:
    """Pairs and analogies of words, some of which are not known."""
    rng = np.random.default_rng(seed)
    pool = [*words, *(f"unknown{number}" for number in range(len(words) // 10))]
    drawn = [rng.choice(pool, 2).tolist() for _ in range(150)]
    # Gensim's rounding parts the cosines of words that are the same
    pairs = "".join(f"{a}\t{b}\t{rng.integers(0, 100) / 10}\n" for a, b in drawn if a.lower() != b.lower())
    lines = [" ".join(rng.choice(pool, 4)) for _ in range(300)]
    return pairs, "\n".join([": one", *lines[:200], ": none", ": two", *lines[200:]]) + "\n"


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_a_trained_model_has_gensims_scores(
    kind: str, written: Callable[[str], Path], request: pytest.FixtureRequest
) -> None:
    vectors, keyed = request.getfixturevalue(kind)
    pairs, analogies = drawn_sets(list(vectors), seed=1)
    for top in (300_000, len(vectors) // 2):
        file = written(pairs)
        ours = rows_of(vectors, file, from_subwords=False, restrict_top=top)
        assert_pairs_are_gensims(ours, keyed, file, restrict_vocab=top)
        file = written(analogies)
        ours = rows_of(vectors, file, from_subwords=False, restrict_top=top)
        assert_analogies_are_gensims(ours, keyed, file, restrict_vocab=top)


@pytest.mark.parametrize("ignore_case", [True, False])
def test_words_in_several_cases_have_gensims_scores(ignore_case: bool, written: Callable[[str], Path]) -> None:
    """Gensim takes words as they stand, or all in capitals."""
    forms = [form for number in range(150) for form in (f"w{number}", f"W{number}")]
    words = [word for word in forms if word not in ("w3", "W4", "w5", "W7")]
    vectors = vectors_of(clustered(len(words), 10, seed=5), words)
    keyed = gensim_of(vectors)
    pairs, analogies = drawn_sets(words, seed=2)
    file = written(pairs)
    assert_pairs_are_gensims(
        rows_of(vectors, file, ignore_case=ignore_case), keyed, file, case_insensitive=ignore_case
    )
    file = written(analogies)
    assert_analogies_are_gensims(
        rows_of(vectors, file, ignore_case=ignore_case), keyed, file, case_insensitive=ignore_case
    )


def test_gensims_own_sets_have_gensims_scores(tmp_path: Path) -> None:
    """A random model of the sets' words in lower case, of which every seventh is missing."""
    wordsim, simlex, all_questions = bundled()
    lines = all_questions.read_text(encoding="utf-8").splitlines()
    questions = tmp_path / "questions.txt"  # all sections, and some of each
    questions.write_text("\n".join(line for n, line in enumerate(lines) if line[0] == ":" or n % 8 == 0))
    items = [item for file in (wordsim, simlex, questions) for item in tasks.load(file).items]
    words = sorted({word.lower() for item in items for word in item.words})
    words = [word for place, word in enumerate(words) if place % 7]
    vectors = vectors_of(clustered(len(words), 12, seed=3), words)
    keyed = gensim_of(vectors)
    for file in (wordsim, simlex):
        assert_pairs_are_gensims(rows_of(vectors, file), keyed, file)
    assert_analogies_are_gensims(rows_of(vectors, questions), keyed, questions)


def test_the_odd_word_is_gensims(written: Callable[[str], Path]) -> None:
    vectors = vectors_of(clustered(60, 8, seed=4))
    keyed = gensim_of(vectors)
    rng = np.random.default_rng(4)
    drawn = [[f"word{row}" for row in rng.choice(60, 5, replace=False)] for _ in range(80)]
    file = written("".join(" ".join([*words[:-1], f"*{words[-1]}"]) + "\n" for words in drawn))
    right = sum(keyed.doesnt_match(words) == words[-1] for words in drawn)
    row = rows_of(vectors, file)[None, "accuracy"]
    assert row.score == pytest.approx(right / 80)
    assert 0 < right < 80


# --- what a model lacks ---


def test_missing_words_are_counted_both_ways_in_every_kind(written: Callable[[str], Path]) -> None:
    words = ["a", "b", "c", "d", "p", "q", "r", "s"]
    vectors = vectors_of([[1, 0], [0.9, 0.1], [0.8, 0.2], [1, 0.2], [0, 1], [0.1, 0.9], [0.2, 1], [0.1, 1]], words)
    expected = {
        "a\tb\t9\na\tp\t1\nc\tq\t2\na\tzz\t5\n": ("spearman", 4, 3),
        "a b c d\na b c zz\n": ("add@1", 2, 1),
        "a b c *p\nq r *a zz\nq r *a s\n": ("accuracy", 3, 2),
        "a\tx\nb\tx\nc\tx\np\ty\nq\ty\nzz\ty\n": ("purity", 6, 5),
    }
    for text, (measure, items, covered) in expected.items():
        row = rows_of(vectors, written(text))[None, measure]
        assert (row.items, row.covered) == (items, covered)
        assert row.score is not None
        assert row.score_all is not None
        if measure != "spearman":
            assert row.score_all == pytest.approx(row.score * covered / items)
    assert rows_of(vectors, written("a\tx\nb\tx\nc\tx\np\ty\nq\ty\nzz\ty\n"))[None, "purity"].score == 1


@pytest.mark.parametrize("text", ["x\ty\t1\nz\ty\t2\n", "x y z w\n", "x y *z\n", "x\tk\ny\tk\nz\tl\n"])
def test_a_model_without_any_of_the_words_has_no_score(text: str, written: Callable[[str], Path]) -> None:
    for row in rows_of(vectors_of([[1, 0], [0, 1]]), written(text)).values():
        assert (row.covered, row.score, row.low) == (0, None, None)
        assert row.score_all in (None, 0)


def test_words_without_a_direction_are_missing(written: Callable[[str], Path]) -> None:
    vectors = vectors_of([[0, 0], [np.nan, 1], [np.inf, 0], [1, 1], [1, 0], [0, 1]], list("abcdef"))
    row = rows_of(vectors, written("a\td\t1\nb\td\t2\nc\td\t3\ne\td\t4\nf\te\t5\n"))[None, "spearman"]
    assert (row.items, row.covered) == (5, 2)
    for row in rows_of(vectors, written("d e f a\nb d e f\nd e f d\n")).values():
        assert (row.items, row.covered, row.score) == (3, 1, 0)


def test_words_are_found_as_queries_find_them_and_else_in_any_case(written: Callable[[str], Path]) -> None:
    vectors = vectors_of([[1, 0], [0, 1], [1, 1], [2, 1]], ["new_york", "Paris", "paris", "rome"])
    row = rows_of(vectors, written("New York\tROME\t1\nPARIS\trome\t2\nParis\tparis\t3\nparis\tzz\t3\n"))
    assert (row[None, "spearman"].items, row[None, "spearman"].covered) == (4, 3)
    same = rows_of(vectors, written("Paris\tparis\t3\nrome\tparis\t1\n"), ignore_case=True)
    assert same[None, "pearson"].score == pytest.approx(1)


def test_subwords_stand_in_and_are_counted(
    fasttext: tuple[Vectors, KeyedVectors], written: Callable[[str], Path]
) -> None:
    vectors, keyed = fasttext
    known = list(vectors)[:6]
    text = "".join(f"{word}\t{word}s\t{place}\n" for place, word in enumerate(known))
    row = rows_of(vectors, written(text))[None, "pearson"]
    assert (row.covered, row.from_subwords) == (6, 6)
    # Gensim's vectors, but not its cosines: in float32 they are too coarse for a model with nearly equal ones.
    theirs = [cosine(keyed[word], keyed[f"{word}s"]) for word in known]
    assert row.score == pytest.approx(np.corrcoef(theirs, range(6))[0, 1], abs=1e-5)
    assert rows_of(vectors, written(text), from_subwords=False)[None, "pearson"].covered == 0
    questions = f"{known[0]} {known[1]} {known[2]}s {known[3]}\n{known[0]} {known[1]} {known[2]} {known[3]}s\n"
    row = rows_of(vectors, written(questions))[None, "mul@5"]
    assert (row.items, row.covered, row.from_subwords) == (2, 1, 1)  # an answer must be in the vocabulary


# --- several models, and the rest ---


def test_models_are_compared_with_the_first_on_what_both_cover(written: Callable[[str], Path]) -> None:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, np.pi / 2, 120)
    good = vectors_of([[1, 0], *zip(np.cos(angles), np.sin(angles), strict=True)], ["base", *map(str, range(120))])
    noise = vectors_of(rng.normal(size=(101, 2)), ["base", *map(str, range(100))])
    file = written("".join(f"base\t{number}\t{np.cos(angle):.4f}\n" for number, angle in enumerate(angles)))
    rows = [row for row in evaluate([good, noise, good], [file]) if row.measure == "spearman"]
    assert [row.model for row in rows] == ["1", "2", "3"]
    assert [row.covered for row in rows] == [120, 100, 120]
    assert rows[0].p_value is None
    assert rows[1].p_value is not None
    assert rows[1].p_value < 1e-6
    assert rows[2].p_value == 1


def test_progress_is_told_for_each_model_and_set(written: Callable[[str], Path]) -> None:
    told: list[Progress] = []
    list(
        evaluate(
            vectors_of(clustered(30, 4, seed=6)),
            [written("word1 word2 word3 word4\n" * 10)],
            on_progress=told.append,
        )
    )
    assert told[0] == Progress("scoring 1", 0, 10, unit="items", subject="set")
    assert told[-1] == Progress("scoring 1", 10, 10, unit="items", subject="set")


def test_sets_are_read_before_anything_is_scored(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tsv", tmp_path / "bad.tsv"
    good.write_text("a\tb\t1\n")
    bad.write_text("no test at all here\n")
    with pytest.raises(InputError, match=r"bad\.tsv, line 1"):
        evaluate(vectors_of([[1.0]]), [good, bad])
    with pytest.raises(UsageError, match="no model"):
        evaluate([], [good])
    with pytest.raises(UsageError, match="at least 1"):
        evaluate(vectors_of([[1.0]]), [good], restrict_top=0)


def test_a_model_of_one_word_has_scores(written: Callable[[str], Path]) -> None:
    vectors = vectors_of([[1.0, 2.0]], ["a"])
    for text in ("a\ta\t1\n", "a a a a\n", "a a *a\n", "a\tx\nb\tx\nc\ty\n"):
        for row in rows_of(vectors, written(text)).values():
            assert row.items >= row.covered == 1


def test_gensims_sets_are_found_without_importing_it() -> None:
    code = (
        "import sys; from wvcli.evaluation import evaluate; print(*(path.name for path in evaluate.bundled())); "
        "assert not {'gensim', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["wordsim353.tsv", "simlex999.txt", "questions-words.txt"]


def test_evaluate_is_a_public_name() -> None:
    assert wvcli.evaluate is evaluate


def test_one_set_may_be_given_alone(tmp_path: Path) -> None:
    vectors = vectors_of([[1.0, 0.0], [0.5, 1.0], [0.0, 1.0]], ["a", "b", "c"])
    path = tmp_path / "pairs.tsv"
    path.write_text("a\tb\t1\na\tc\t2\nb\tc\t3\n")
    assert list(evaluate(vectors, str(path))) == list(evaluate(vectors, [path]))
