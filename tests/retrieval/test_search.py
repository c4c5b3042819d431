"""Search: exact rankings, by vectors and by words, from text and from an index that knows when it is stale."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import SENTENCES
from wvcli.errors import InputError, MissingWordError, UsageError
from wvcli.retrieval.encoding import TextEncoder, scaled
from wvcli.retrieval.passages import read_passages
from wvcli.retrieval.ranking import Nearest, WordMatches, fused, term_counts
from wvcli.retrieval.search import Searcher
from wvcli.text.corpus import Corpus
from wvcli.vectors.word_vectors import Vectors


@pytest.fixture(scope="module")
def model(word2vec_model: Path) -> Vectors:
    return wvcli.load(word2vec_model)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join([*SENTENCES[:3], "", *SENTENCES[3:], "", "zzz"]) + "\n", encoding="utf-8")
    return path


def test_the_nearest_lines_are_those_of_their_vectors(model: Vectors, text: Path) -> None:
    hits = wvcli.search("a dog in the kitchen", text, model, topn=4)
    units = scaled(wvcli.embed([*SENTENCES, "a dog in the kitchen"], model))
    expected = np.argsort(-(units[:-1] @ units[-1]), kind="stable")[:4]
    assert [hit.text for hit in hits] == [SENTENCES[place] for place in expected.tolist()]
    assert [hit.similarity for hit in hits] == pytest.approx((units[:-1] @ units[-1])[expected].tolist(), abs=1e-5)
    lines = text.read_text(encoding="utf-8").splitlines()
    assert all(lines[hit.line - 1] == hit.text and hit.place == f"{text}:{hit.line}" for hit in hits)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]


def test_a_line_without_a_known_word_is_never_found_by_its_vector(model: Vectors, text: Path) -> None:
    assert len(wvcli.search("dog", text, model, topn=100)) == len(SENTENCES)
    [hit] = wvcli.search("zzz", text, model, hybrid=True)
    assert (hit.text, hit.similarity) == ("zzz", 0)


def test_words_are_scored_by_bm25() -> None:
    passages = ["a b", "b b b c", "c d e f g", "d"]
    words = sorted(set(" ".join(passages).split()))
    ids = np.array([words.index(word) for passage in passages for word in passage.split()])
    bounds = np.concatenate([[0], np.cumsum([len(passage.split()) for passage in passages])])
    terms = [words.index("b"), words.index("c"), -1]
    counts = term_counts(ids, bounds, terms)
    assert counts.tolist() == [[passage.split().count(word) for word in ("b", "c", "z")] for passage in passages]
    matches = WordMatches(3)
    matches.add(0, counts[:2], np.diff(bounds)[:2])
    matches.add(2, counts[2:], np.diff(bounds)[2:])
    numbers, scores = matches.best(10)
    mean = len(ids) / 4

    def score(passage: str) -> float:
        found, total = Counter(passage.split()), 0.0
        for word in ("b", "c"):
            having = sum(word in other.split() for other in passages)
            norm = 1.2 * (0.25 + 0.75 * len(passage.split()) / mean)
            total += np.log(1 + (4 - having + 0.5) / (having + 0.5)) * found[word] * 2.2 / (found[word] + norm)
        return total

    expected = sorted((n for n in range(3)), key=lambda n: -score(passages[n]))
    assert numbers.tolist() == expected
    assert scores.tolist() == pytest.approx([score(passages[n]) for n in expected])


def test_ranks_are_fused_by_their_reciprocals() -> None:
    assert fused(np.array([5, 1, 2]), np.array([2, 7])).tolist() == [2, 5, 1, 7]


def test_the_best_are_kept_across_blocks_and_the_first_of_equal_ones() -> None:
    rng = np.random.default_rng(5)
    units = scaled(rng.normal(size=(300, 6)).astype(np.float32))
    units[200], units[7] = units[50], 0
    nearest = Nearest(units[50], 20)
    for start in range(0, 300, 37):
        nearest.add(start, units[start : start + 37])
    similarities = units @ units[50]
    similarities[7] = -2
    assert nearest.numbers.tolist() == np.argsort(-similarities, kind="stable")[:20].tolist()
    assert nearest.numbers[:2].tolist() == [50, 200]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("line", [1, 2, 3, 5, 6, 7, 8, 9, 11]), ("paragraph", [1, 5, 11]), ("file", [1])],
)
def test_passages_are_lines_paragraphs_or_files(by: str, expected: list[int], text: Path) -> None:
    found = list(read_passages(Corpus([str(text)]), by))  # type: ignore[arg-type]
    assert [passage.line for passage in found] == expected
    words = " ".join(passage.text for passage in found).split()
    assert words == text.read_text(encoding="utf-8").split()


def test_two_files_are_never_one_passage(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("one\ntwo\n")
    found = list(read_passages(Corpus([str(tmp_path)]), "paragraph"))
    assert [(Path(passage.file).name, passage.text) for passage in found] == [
        ("a.txt", "one two"),
        ("b.txt", "one two"),
    ]


@pytest.mark.parametrize("hybrid", [False, True])
def test_an_index_answers_as_the_text_does_and_is_read_instead(
    model: Vectors, text: Path, tmp_path: Path, hybrid: bool
) -> None:
    expected = wvcli.search("the cat and the cheese", text, model, topn=5, hybrid=hybrid)
    notes: list[str] = []
    index = tmp_path / "text.index"
    for sources in (text, text, None):
        found = wvcli.search(
            "the cat and the cheese", sources, model, topn=5, hybrid=hybrid, index=index, on_note=notes.append
        )
        assert [(hit.text, hit.line, hit.bm25) for hit in found] == [
            (hit.text, hit.line, hit.bm25) for hit in expected
        ]
        assert [hit.similarity for hit in found] == pytest.approx([hit.similarity for hit in expected], abs=1e-5)
    assert notes == []


def test_a_stale_index_is_made_again(model: Vectors, fasttext_model: Path, text: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    index = tmp_path / "text.index"

    def first(sources: object = text, by: str = "line", vectors: object = model) -> str:
        notes.clear()
        return wvcli.search(  # type: ignore[arg-type]
            "the baker",
            sources,
            vectors,
            topn=1,
            by=by,
            index=index,
            on_note=notes.append,  # type: ignore[arg-type]
        )[0].text

    assert first() == SENTENCES[6]
    text.write_text("the baker and the dog\n")
    assert first() == "the baker and the dog"
    assert notes == [f"{index} is stale: {text} has changed; it is made again"]
    facts = text.stat()
    text.write_text("the dog and the baker\n")  # of the same size
    os.utime(text, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert first() == "the dog and the baker"
    assert "has changed" in notes[0]
    for arguments, why in (
        ({"by": "file"}, "of another kind"),
        ({"by": "file", "vectors": fasttext_model}, "another model or method"),
        ({"by": "file", "vectors": fasttext_model, "sources": str(tmp_path / "*.txt")}, "of other sources"),
    ):
        first(**arguments)
        assert why in notes[0]
        first(**arguments)
        assert notes == []
    (tmp_path / "more.txt").write_text("the baker\n")
    assert first(**arguments) == "the baker"
    assert "more.txt is new" in notes[0]


def test_what_is_no_index_is_never_replaced(
    model: Vectors, word2vec_model: Path, text: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is a model of word vectors, not a search index"):
        wvcli.search("dog", text, model, index=word2vec_model)
    other = tmp_path / "other"
    other.write_text("precious")
    with pytest.raises(InputError, match="is not a search index"):
        wvcli.search("dog", text, model, index=other)
    assert other.read_text() == "precious"
    index = tmp_path / "text.index"
    wvcli.search("dog", text, model, index=index)
    other.write_bytes(index.read_bytes()[:-8])
    with pytest.raises(InputError, match="is damaged"):
        wvcli.search("dog", text, model, index=other)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"query": "zzz"}, MissingWordError, "no word of 'zzz'"),
        ({"topn": 0}, UsageError, "`topn` must be at least 1"),
        ({"by": "page"}, UsageError, "`by` must be line, paragraph or file"),
        ({"sources": None}, UsageError, "nothing to search"),
        ({"sources": iter(["dog"]), "hybrid": True}, UsageError, "reads the text twice"),
        ({"sources": iter(["dog"]), "index": "x.index"}, UsageError, "can be read again"),
        ({"sources": "none.txt"}, InputError, "there is no file"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: dict[str, object], error: type[Exception], message: str, model: Vectors, text: Path
) -> None:
    with pytest.raises(error, match=message):
        wvcli.search(**({"query": "dog", "sources": text, "model": model} | arguments))  # type: ignore[arg-type]


def test_a_searcher_answers_many_questions(model: Vectors, text: Path) -> None:
    searcher = Searcher(TextEncoder(model, method="mean"), text)
    assert [searcher.find(query, 1)[0].text for query in (SENTENCES[1], SENTENCES[5])] == [
        SENTENCES[1],
        SENTENCES[5],
    ]
