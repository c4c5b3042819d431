"""Lines with a word near the one asked for, shown as grep shows lines."""

from itertools import chain
from pathlib import Path

import pytest

import wvcli
from tests.conftest import SENTENCES
from wvcli.retrieval.grep import FoundLine, LineFinder, near_words
from wvcli.text.corpus import Corpus
from wvcli.vectors.word_vectors import Vectors

LINES = [*SENTENCES, "", "A bird sang.", "the Dog", "a bird and a dog-rose", "cheese"] * 3


@pytest.fixture(scope="module")
def model(word2vec_model: Path) -> Vectors:
    return wvcli.load(word2vec_model)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


def found(finder: LineFinder, path: Path) -> list[FoundLine]:
    return list(chain.from_iterable(finder.lines_of(Corpus([str(path)]))))


def has(line: str, word: str) -> bool:
    return word in line.lower().replace(".", " ").split()


def test_words_within_the_threshold_are_near(model: Vectors) -> None:
    words = [model.look_up("dog")]
    near = near_words(model, words, 0.9)
    neighbors = dict(model.most_similar("dog", len(model), min_similarity=0.9))
    assert near == pytest.approx(neighbors | {"dog": 1.0})
    assert list(near_words(model, words, 2.0)) == ["dog"]
    assert len(near_words(model, words, -1.0, 3)) == 4
    both = near_words(model, [*words, model.look_up("bread")], 0.9)
    assert both["bread"] == both["dog"] == 1.0


@pytest.mark.parametrize("piece", [7, 64, 1 << 20])
def test_lines_with_a_word_are_found_with_their_numbers(model: Vectors, text: Path, piece: int) -> None:
    """Also where blocks are so short that a line is read in pieces."""
    finder = LineFinder(model, {"cheese": 1.0, "dog": 0.8})
    lines = chain.from_iterable(finder.lines_of(Corpus([str(text)], longest_piece=piece)))
    expected = [n for n, line in enumerate(LINES, 1) if has(line, "dog") or has(line, "cheese")]
    assert sorted({line.number for line in lines}) == expected


def test_the_similarity_is_that_of_the_nearest_word(model: Vectors, text: Path) -> None:
    [both] = [
        line for line in found(LineFinder(model, {"cat": 0.7, "dog": 0.9}), text)[:4] if line.text == SENTENCES[1]
    ]
    assert both.similarity == 0.9


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("most", [None, 2])
def test_context_is_that_of_grep(
    model: Vectors, text: Path, before: int, after: int, invert: bool, most: int | None
) -> None:
    selected = [n for n, line in enumerate(LINES) if has(line, "cheese") != invert][:most]
    around = {m for n in selected for m in range(n - before, n + after + 1) if 0 <= m < len(LINES)}
    if most is not None:  # as after grep's last line, the next ones are shown, selected or not
        around = {n for n in around if n <= selected[-1] + after}
    finder = LineFinder(model, {"cheese": 1.0}, invert=invert, most=most, before=before, after=after)
    for piece in (40, 1 << 20):
        lines = list(chain.from_iterable(finder.lines_of(Corpus([str(text)], longest_piece=piece))))
        if piece == 1 << 20:
            assert [line.number - 1 for line in lines] == sorted(around)
            assert [line.number - 1 for line in lines if line.is_selected] == selected
            assert [line.text for line in lines] == [LINES[n] for n in sorted(around)]
    apart = [line.number - 1 for line in lines if line.is_apart]
    assert all(n - 1 not in around for n in apart)


def test_lines_come_as_their_blocks_do(model: Vectors) -> None:
    finder = LineFinder(model, {"dog": 1.0})
    blocks = iter([(1, b"a dog\na cat\n"), (3, "猫\nthe dog\n".encode())])
    first = finder.lines_as_they_come(blocks)
    assert [line.number for line in next(first)] == [1]
    assert next(blocks)[0] == 3


def test_words_are_marked_where_the_tokenizer_found_them(model: Vectors) -> None:
    finder = LineFinder(model, {"dog": 1.0, "cat": 0.9})
    line = "Dogs, a Dog and my dog-house: DOG! concatenate cat"
    assert [(line[start:stop], word) for (start, stop), word in finder.spans(line)] == [
        ("Dog", "dog"),
        ("DOG", "dog"),
        ("cat", "cat"),
    ]


def test_chinese_words_are_found_in_running_text(model: Vectors) -> None:
    finder = LineFinder(model, {"猫": 1.0})
    assert finder.spans("猫是最爱的动物。") == [((0, 1), "猫")]


def test_capitals_can_be_ignored() -> None:
    from tests.against_gensim import vectors_of

    model = vectors_of([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.9, 0.1]], ["Dog", "cat", "bird", "CAT"])
    near = near_words(model, [model.look_up("Dog")], 0.995, ignore_case=True)
    assert set(near) == {"Dog", "cat", "CAT"}
