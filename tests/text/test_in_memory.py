"""Texts that a Python program has in memory: which sources they are, and what is trained on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli
from tests import clients
from wvcli.errors import InputError, UsageError
from wvcli.text.in_memory import TextsInMemory, names_or_texts
from wvcli.text.settings import TextSettings

SENTENCES = ["the cat sat on the mat", "", "a dog\nand the cat"] * 10
TOKENS = [["New York", "is", "Big"], [], ["big", "Apple", "New York"]] * 10
SMALL = {"dim": 4, "epochs": 1, "min_count": 1, "workers": 1}


def read(sources: Any, **reading: Any) -> list[str]:
    return list(TextSettings.of(sources, **reading).corpus().texts())


@pytest.mark.parametrize("sources", ["a.txt", Path("a.txt"), ["a.txt", Path("b.txt")], ("a.txt",), []], ids=repr)
def test_names_of_files_are_no_texts(sources: Any) -> None:
    assert not isinstance(names_or_texts(sources), TextsInMemory)


def test_an_iterator_of_paths_names_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name}\n")
    assert sorted(read(tmp_path.glob("*.txt"))) == ["a.txt", "b.txt"]
    assert read(iter([]), encoding="utf-8") == []


def test_strings_and_lists_of_tokens_are_texts() -> None:
    assert read(iter(SENTENCES)) == SENTENCES
    assert read(np.array(SENTENCES)) == SENTENCES
    assert read(dict.fromkeys(["the cat", "a dog"])) == ["the cat", "a dog"]
    assert read(TOKENS) == ["\n".join(tokens) for tokens in TOKENS]
    assert read(tuple(map(tuple, TOKENS))) == read(map(np.array, TOKENS))
    assert read(iter([None, float("nan"), "the cat", None])) == ["the cat"]
    assert read(iter([{"title": "a", "text": "b"}, {"title": "c", "text": None}]), field=["title", "text"]) == [
        "a",
        "b",
        "c",
    ]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(texts in memory\), item 2: not text but 5"):
        read(iter(["the cat", 5]))
    with pytest.raises(UsageError, match="not of the type int"):
        read(5)
    with pytest.raises(UsageError, match="`column` has no effect"):
        read(iter(SENTENCES), column="text")
    with pytest.raises(UsageError, match="give the model no name"):
        wvcli.train(iter(SENTENCES), **SMALL)
    with pytest.raises(InputError, match="no file the cat sat on the mat") as caught:
        wvcli.train(SENTENCES[:1], "a.safetensors", **SMALL)
    assert "`iter(texts)`" in caught.value.hint


def test_a_model_of_texts_in_memory_is_that_of_their_file(tmp_path: Path) -> None:
    def texts() -> Iterator[str]:
        yield from SENTENCES

    file = tmp_path / "texts.txt"
    mine = wvcli.train((text.replace("\n", " ") for text in texts()), tmp_path / "mine", **SMALL)
    file.write_text("".join(text.replace("\n", " ") + "\n" for text in SENTENCES))
    theirs = wvcli.train(file, tmp_path / "theirs", **SMALL)
    assert np.array_equal(mine.matrix, theirs.matrix)
    assert mine.manifest["corpus"]["sha256"] == theirs.manifest["corpus"]["sha256"]
    more = wvcli.update(
        tmp_path / "mine.safetensors", iter(["a wombat and a dog"] * 9), tmp_path / "more", epochs=1
    )
    assert "wombat" in more


def test_tokens_are_words_as_they_are(tmp_path: Path) -> None:
    model = wvcli.train(TOKENS, tmp_path / "tokens", **SMALL)
    assert set(model) == {"New York", "is", "Big", "big", "Apple"}
    split = wvcli.train(TOKENS, tmp_path / "split", tokenizer="unicode", **SMALL)
    assert set(split) == {"new", "york", "is", "big", "apple"}


@pytest.mark.client
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_of_a_data_frame(tmp_path: Path, library: str) -> None:
    frames = clients.package(library)
    table = frames.DataFrame({"text": [*SENTENCES[:3], None], "tokens": [*TOKENS[:3], None]})
    assert read(table["text"]) == SENTENCES[:3]
    assert read(table["tokens"]) == ["\n".join(tokens) for tokens in TOKENS[:3]]
    with pytest.raises(UsageError, match="a table has more than one column"):
        read(table)
    assert "cat" in wvcli.train(table["text"], tmp_path / "column", **SMALL)
