"""The contexts that two words share are those of the corpus, and so are the lines that show them."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wvcli
from tests.conftest import CLONE
from wvcli.analysis.shared_contexts import Contexts, SharedContext, shared_contexts
from wvcli.errors import InputError
from wvcli.text.tokenizers import TokenizerSettings

FAST: dict[str, Any] = {"dim": 8, "epochs": 1, "min_count": 1, "workers": 1, "algorithm": "word2vec"}
LINES = [
    "Nobody was at home.",
    "The cat purred loudly on Monday.",
    "A kitten purred as it slept.",
    "The dog barked loudly on Sunday.",
    "Rain fell on the garden.",
]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write lines to a file of the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, lines: Sequence[str] = LINES) -> str:
        data = "".join(f"{line}\n" for line in lines).encode()
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return name

    return write


def train(*sources: str, **settings: Any) -> wvcli.Vectors:
    return wvcli.train(sources, "model.safetensors", **{**FAST, **settings})


def explained(model: wvcli.Vectors, first: str, second: str, most: int = 3) -> list[SharedContext]:
    rows = [model.index(word) for word in (first, second)]
    [found] = shared_contexts(model, [(rows[0] or 0, rows[1] or 0)], most)
    return found


def shown(found: Sequence[SharedContext]) -> list[tuple[str, str, str]]:
    return [(one.context, one.first.place, one.second.place) for one in found]


def test_names_what_both_occur_with_and_the_lines_that_show_it(write: Callable[..., str]) -> None:
    model = train(write("text.txt"))
    [best] = explained(model, "cat", "kitten", 1)
    assert (best.context, best.first.line, best.second.line) == ("purred", 2, 3)
    assert best.first.source == "text.txt"
    assert [best.first.passage.text[a:b] for a, b in best.first.passage.spans] == ["cat", "purred"]
    assert best.second.passage.text == LINES[2]
    assert best.weight > 0


def test_two_lines_are_shown_rather_than_one_twice(write: Callable[..., str]) -> None:
    lines = ["cat purred kitten", "nothing here", "a kitten once purred", "the cat purred", "cat purred kitten"]
    [best] = explained(train(write("text.txt", lines)), "cat", "kitten", 1)
    assert (best.context, best.first.line, best.second.line) == ("purred", 4, 1)
    alone = train(write("alone.txt", ["cat purred kitten", *LINES[3:]]), overwrite=True)
    [best] = explained(alone, "cat", "kitten", 1)
    assert (best.first.line, best.second.line) == (1, 1)


def test_words_that_share_nothing_have_no_evidence(write: Callable[..., str]) -> None:
    assert explained(train(write("text.txt")), "cat", "nobody") == []


def test_the_words_themselves_are_no_contexts(write: Callable[..., str]) -> None:
    model = train(write("text.txt", ["salt pepper salt pepper", "pepper and salt", *LINES]))
    assert [one.context for one in explained(model, "salt", "pepper")] == ["and"]


def test_windows_are_those_of_training(write: Callable[..., str]) -> None:
    text = write("text.txt", ["cat a b purred", "kitten purred", "dog c", "dog d"])
    near = train(text, window=2)
    assert explained(near, "cat", "kitten") == []
    wide = train(text, window=3, overwrite=True)
    assert [one.context for one in explained(wide, "cat", "kitten")] == ["purred"]
    text = write("frequent.txt", ["cat a purred", "kitten b purred", "cat c purred", "kitten purred"])
    rare_words_left_out = train(text, window=1, min_count=2, overwrite=True)
    assert set(rare_words_left_out) == {"purred", "cat", "kitten"}
    assert [one.context for one in explained(rare_words_left_out, "cat", "kitten")] == ["purred"]


def test_chinese_words_are_found_where_the_tokenizer_finds_them(write: Callable[..., str]) -> None:
    lines = ["今天天气很好。", "我喜欢吃苹果。", "她喜欢吃香蕉。", "上海自来水来自海上。"]
    model = train(write("text.txt", lines))
    found = explained(model, "苹果", "香蕉")
    assert {one.context for one in found} == {"喜欢", "吃"}
    assert {(one.first.line, one.second.line) for one in found} == {(2, 3)}
    quote = next(one.first for one in found if one.context == "喜欢").passage
    assert [quote.text[start:stop] for start, stop in quote.spans] == ["喜欢", "苹果"]


@pytest.mark.parametrize("name", ["english", "chinese"])
def test_agrees_with_counting_every_window_of_a_sample_corpus(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CLONE / "sample_corpora" / f"{name}.txt"
    model = wvcli.train(source, tmp_path / "model.safetensors", **{**FAST, "min_count": 5, "tokenizer": "auto"})
    split = TokenizerSettings().tokenize()
    lines = source.read_text("utf-8").splitlines()
    texts = [[word for word in split(line) if word in model.vocabulary] for line in lines]
    around: dict[str, Counter[str]] = {word: Counter() for word in ("cat", "dog", "猫", "狗")}
    for text in texts:
        for place, word in enumerate(text):
            if word in around:
                around[word].update(text[max(0, place - 5) : place] + text[place + 1 : place + 6])
    first, second = ("cat", "dog") if name == "english" else ("猫", "狗")
    counts = {word: model.count(row) or 0 for row, word in enumerate(model)}
    whole = sum(counts.values())

    def weight(word: str, context: str) -> float:
        seen = around[word][context]
        return log(seen / around[word].total() / (counts[context] / whole)) * seen / (seen + 2)

    common = (around[first].keys() & around[second].keys()) - {first, second}
    expected = {word: min(weight(first, word), weight(second, word)) for word in common}
    found = explained(model, first, second, 20)
    assert [one.weight for one in found] == pytest.approx(sorted(expected.values(), reverse=True)[:20])
    assert all(one.weight == pytest.approx(expected[one.context]) for one in found)
    for one in found:
        for word, quote in ((first, one.first), (second, one.second)):
            assert {word, one.context} <= set(texts[quote.line - 1])


def test_phrases_are_joined_as_they_were(write: Callable[..., str]) -> None:
    lines = [f"{who} {what} {where}" for who in ("I", "he", "we") for what in ("left", "like") for where in
             ("New York", "Los Angeles", "home", "it", "us")]  # fmt: skip
    model = train(write("text.txt", lines), phrases=True, phrase_min_count=3, phrase_threshold=0.9)
    assert {word for word in model if "_" in word} == {"new_york", "los_angeles"}
    found = explained(model, "new_york", "los_angeles", 5)
    assert found
    quote = found[0].first.passage
    assert "New York" in [quote.text[start:stop] for start, stop in quote.spans]


def test_reads_all_sources_packed_or_not(write: Callable[..., str]) -> None:
    model = train(write("a.txt", LINES[:2]), write("b.txt.gz", LINES[2:]))
    assert shown(explained(model, "cat", "kitten", 1)) == [("purred", "a.txt:2", "b.txt.gz:1")]


def test_a_folder_is_read_file_by_file(write: Callable[..., str]) -> None:
    write("texts/a.txt", LINES[:2])
    write("texts/b.txt", LINES[2:])
    found = explained(train("texts"), "cat", "kitten", 1)
    assert [place.replace(os.sep, "/") for place in shown(found)[0][1:]] == ["texts/a.txt:2", "texts/b.txt:1"]


def test_records_are_told_by_their_line(write: Callable[..., str]) -> None:
    records = ["", *(json.dumps({"body": {"text": line}}) for line in LINES)]
    model = train(write("text.jsonl", records), field="body.text")
    assert shown(explained(model, "cat", "kitten", 1)) == [("purred", "text.jsonl:3", "text.jsonl:4")]
    table = train(write("text.csv", ["id,text", *(f'{n},"{line}"' for n, line in enumerate(LINES))]),
                  column="text", overwrite=True)  # fmt: skip
    assert shown(explained(table, "cat", "kitten", 1)) == [("purred", "text.csv:3", "text.csv:4")]


def test_the_texts_of_an_updated_model_are_both_read(write: Callable[..., str]) -> None:
    train(write("old.txt", LINES[:2] * 3))
    wvcli.update("model.safetensors", write("new.txt", LINES[2:] * 3), overwrite=True, epochs=1)
    model = wvcli.load("model.safetensors")
    assert shown(explained(model, "cat", "kitten", 1)) == [("purred", "old.txt:2", "new.txt:1")]


def test_a_model_of_kept_text_is_explained_by_its_sources(write: Callable[..., str]) -> None:
    train(write("text.txt"), keep_encoded="kept")
    model = train("kept", overwrite=True)
    assert shown(explained(model, "cat", "kitten", 1)) == [("purred", "text.txt:2", "text.txt:3")]


def test_bad_lines_are_passed_over_again(write: Callable[..., str]) -> None:
    text = Path(write("text.txt"))
    text.write_bytes(b"\xff\n" + text.read_bytes())
    model = train("text.txt", skip_bad=True)
    assert shown(explained(model, "cat", "kitten", 1)) == [("purred", "text.txt:3", "text.txt:4")]


def test_stop_words_are_left_out_again(write: Callable[..., str]) -> None:
    model = train(write("text.txt"), stopwords=["purred"], window=1)
    assert explained(model, "cat", "kitten") == []


def test_finds_a_text_beside_the_model(write: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    train(write("there/texts/text.txt"))  # nothing of this model is read
    monkeypatch.chdir("there")
    model = wvcli.train("texts/text.txt", "model.safetensors", **FAST)
    monkeypatch.chdir("..")
    model = wvcli.load("there/model.safetensors")
    [(context, first, _)] = shown(explained(model, "cat", "kitten", 1))
    assert (context, first.replace(os.sep, "/")) == ("purred", "there/texts/text.txt:2")


def test_a_long_line_is_cut_around_the_words(write: Callable[..., str]) -> None:
    filler = " ".join(f"w{number}" for number in range(2000))
    model = train(write("text.txt", [f"{filler} the cat purred {filler}", "a kitten purred"]))
    [one] = explained(model, "cat", "kitten", 1)
    assert len(one.first.passage.text) <= 500
    assert "cat purred" in one.first.passage.text


def refusal(model: wvcli.Vectors) -> str:
    with pytest.raises(InputError) as caught:
        explained(model, "cat", "kitten")
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_text_that_changed_is_no_evidence(write: Callable[..., str]) -> None:
    model = train(write("text.txt"))
    write("text.txt", [*LINES, "one more"])
    assert refusal(model) == "text.txt has changed since the model was trained"


def test_a_text_that_is_gone_is_named(write: Callable[..., str]) -> None:
    model = train(write("a.txt", LINES[:2]), write("b.txt", LINES[2:]))
    Path("b.txt").unlink()
    assert refusal(model) == "the text that the model was trained on is gone: there is no b.txt"


def test_text_from_a_pipe_cannot_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("\n".join(LINES))
    model = train("text.txt")
    manifest = {**model.manifest, "corpus": {**model.manifest["corpus"], "sources": ["-"]}}
    from_pipe = wvcli.Vectors(model.vocabulary, model.matrix, model.counts, manifest=manifest, path=model.path)
    assert refusal(from_pipe) == "the model was trained on standard input, which cannot be read again"


def test_vectors_from_elsewhere_have_no_text(tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("2 2\ncat 1 0\nkitten 1 1\n")
    assert "does not say which text it was trained on" in refusal(wvcli.load(tmp_path / "vectors.txt"))


texts_of_ids = st.lists(st.lists(st.integers(-1, 4), max_size=12), min_size=1, max_size=12)


@given(texts_of_ids, st.integers(1, 4), st.integers(1, 3))
def test_contexts_are_those_of_every_window(texts: list[list[int]], window: int, batches: int) -> None:
    counts = np.array([3, 40, 4, 40, 5])
    rows = np.array([1, 3])
    contexts = Contexts(rows, counts, window)
    for start in range(batches):
        numbers = list(range(len(texts)))[start::batches]
        ids = [number for place in numbers for number in [*texts[place], -2]]
        contexts.add(np.array(ids, dtype=np.int64), np.array(numbers, dtype=np.int64))
    expected: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, text in enumerate(texts):
        known = [word for word in text if word >= 0]
        for at, word in enumerate(known):
            for beside in range(max(0, at - window), min(len(known), at + window + 1)):
                if word in (1, 3) and beside != at:
                    expected.setdefault((word, known[beside]), []).append((abs(at - beside), number))
    totals = {row: sum(len(places) for (word, _), places in expected.items() if word == row) for row in (1, 3)}

    def weight(row: int, context: int) -> float:
        seen = len(expected[row, context])
        return log(seen / totals[row] / (counts[context] / counts.sum())) * seen / (seen + 2)

    common = [context for context in (0, 2, 4) if {(1, context), (3, context)} <= expected.keys()]
    weights = {context: min(weight(1, context), weight(3, context)) for context in common}
    shared = contexts.shared(1, 3, 5)
    assert {one.context: one.weight for one in shared} == pytest.approx(
        {context: least for context, least in weights.items() if least > 0}
    )
    assert [one.weight for one in shared] == sorted((one.weight for one in shared), reverse=True)
    for one in shared:
        nearest = [min(expected[row, one.context]) for row in (1, 3)]
        if nearest[0][1] == nearest[1][1]:  # in one text: another shows the one for which it is nearer
            others = [
                (place, which)
                for which, row in enumerate((1, 3))
                for place in expected[row, one.context]
                if place[1] != nearest[which][1]
            ]
            if others:
                place, which = min(others, key=lambda other: (other[0], -other[1]))
                nearest[which] = place
        assert one.numbers == tuple(number for _, number in nearest)
