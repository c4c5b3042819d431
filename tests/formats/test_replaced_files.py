"""Files that belong together, replaced while they are opened one after the other; and mapped ones, overwritten."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import wvcli.formats.gensim
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats._reading import open_input, opened_files
from wvcli.models import importing
from wvcli.system import exchange, mapped_files
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

Arrange = Callable[..., None]


@pytest.fixture
def before_opening(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Have things done, one each time, just before a file of this name is opened."""

    def arrange(name: str, *moves: Callable[[], object]) -> None:
        left = list(moves)
        really_open = Path.open

        def open_later(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if path.name == name and mode == "rb" and left:
                left.pop(0)()
            return really_open(path, mode, *rest, **named)

        monkeypatch.setattr(Path, "open", open_later)

    return arrange


def vectors(letter: str, subwords: bool = False) -> Vectors:
    """Twenty words that begin with a letter, whose vectors hold its number."""
    matrix = np.full((20, 6), ord(letter), np.float32)
    ngrams = Subwords(np.full((7, 6), ord(letter), np.float32), 3, 4) if subwords else None
    return Vectors(Vocabulary.from_words([f"{letter}{number}" for number in range(20)]), matrix, None, ngrams)


def whose(found: Vectors) -> set[str]:
    """The letters of the words and of the vectors."""
    return {word[0] for word in found} | {chr(round(number)) for number in np.unique(found.matrix[:])}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write the vectors of a letter for Gensim, with the matrix beside the file, in the place of what is there."""
    monkeypatch.setattr(wvcli.formats.gensim, "_BESIDE", 10)

    def write(letter: str) -> Path:
        formats.write(vectors(letter), tmp_path / "m.kv", overwrite=True)
        return tmp_path / "m.kv"

    return write


@pytest.mark.parametrize("name", ["m.kv", "m.kv.vectors.npy"])
def test_what_is_replaced_between_two_files_is_read_again(
    write: Callable[[str], Path], before_opening: Arrange, name: str
) -> None:
    path = write("a")
    before_opening(name, lambda: write("b"))
    assert whose(formats.read(path, "gensim")) == {"b"}


def test_what_is_replaced_again_and_again_is_refused(
    write: Callable[[str], Path], before_opening: Arrange
) -> None:
    path = write("a")
    before_opening("m.kv.vectors.npy", lambda: write("b"), lambda: write("a"))
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert (caught.value.message, caught.value.hint) == (f"{path} was replaced while it was read", "ask again")


def test_a_matrix_that_is_gone_since_the_new_file_has_none_beside_it_is_no_error(
    write: Callable[[str], Path], before_opening: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("a")

    def write_one_file() -> None:
        monkeypatch.setattr(wvcli.formats.gensim, "_BESIDE", 1000)
        write("b")

    before_opening("m.kv.vectors.npy", write_one_file)
    assert whose(formats.read(path)) == {"b"}


def test_a_folder_replaced_between_two_of_its_files_is_read_again(tmp_path: Path, before_opening: Arrange) -> None:
    for letter in "ab":
        (tmp_path / letter).mkdir()
        save_file({"embeddings": vectors(letter).matrix}, tmp_path / letter / "model.safetensors")
        tokenizer = {"model": {"vocab": {word: row for row, word in enumerate(vectors(letter))}}}
        (tmp_path / letter / "tokenizer.json").write_text(json.dumps(tokenizer))
    before_opening("tokenizer.json", lambda: exchange.replace_folder(tmp_path / "b", tmp_path / "a"))
    assert whose(formats.read(tmp_path / "a")) == {"b"}


def test_notes_are_of_what_is_returned(tmp_path: Path, before_opening: Arrange) -> None:
    """The words of the first attempt are repeated ones, too."""
    for letter in "ab":
        np.save(tmp_path / f"{letter}.npy", np.array([[1, 2], [3, 4]], np.float32))
        (tmp_path / f"{letter}.txt").write_text(f"{letter}\n{letter}\n")

    def replace() -> None:
        for suffix in ("npy", "txt"):
            os.replace(tmp_path / f"b.{suffix}", tmp_path / f"a.{suffix}")

    before_opening("a.txt", replace)
    notes: list[str] = []
    assert list(formats.read(tmp_path / "a.npy", on_note=notes.append)) == ["b"]
    assert len(notes) == 1
    assert "first repeated: 'b'" in notes[0]


def test_one_file_may_be_replaced_once_it_is_open(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("old")
    other.write_text("new")
    with opened_files() as opened:
        with open_input(one) as file:
            os.replace(other, one)
            assert file.read() == b"old"
        assert opened.belong_together()
        with open_input(one) as file:
            assert file.read() == b"new"
        assert not opened.belong_together()


def test_an_import_never_has_the_checksum_of_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for letter in "ab":
        formats.write(vectors(letter), tmp_path / f"{letter}.vec", "fasttext-vec")

    def digest_later(path: Path, digest: Callable[[Path], str] = importing._digest) -> str:
        os.replace(tmp_path / "b.vec", path)
        return digest(path)

    monkeypatch.setattr(importing, "_digest", digest_later)
    with pytest.raises(InputError, match=r"a\.vec was replaced or written to while it was read"):
        importing.import_vectors(tmp_path / "a.vec", tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize("kind", ["gensim", "npy", "fasttext", "finalfusion"])
def test_a_mapped_file_that_is_overwritten_is_noticed(
    write: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    path = mapped = tmp_path / "m"
    if kind == "gensim":
        path, mapped = write("a"), tmp_path / "m.kv.vectors.npy"
    elif kind == "npy":
        path = mapped = tmp_path / "m.npy"
        np.save(path, vectors("a").matrix)
        path.with_suffix(".txt").write_text("\n".join(vectors("a")) + "\n")
    else:
        formats.write(vectors("a", subwords=True), path, kind)
    found = formats.read(path)
    mapped_files.check_unchanged()
    with mapped.open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match=f"{mapped.name} was overwritten or cut short while it was in use"):
        mapped_files.check_unchanged()
    assert whose(found) == {"a"}
