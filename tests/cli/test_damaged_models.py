"""Files that cannot be opened: passed over where a model is looked for, refused by name where they are meant."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli
from tests.cli.test_main import at_a_terminal
from tests.conftest import Run
from wvcli.errors import InputError

DEEP = "[" * 100_000


def with_header(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(8, "little") + data


def with_manifest(model: Path, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The bytes of a model whose manifest was changed."""
    content = model.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    manifest = json.loads(header["__metadata__"]["wvcli"])
    changed = change(manifest)
    del header["__metadata__"]["wvcli_crc32"]
    header["__metadata__"]["wvcli"] = changed if isinstance(changed, str) else json.dumps(manifest)
    return with_header(json.dumps(header)) + content[8 + length :]


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "deep header": lambda path, model: path.write_bytes(with_header(DEEP)),
    "no header": lambda path, model: path.write_bytes(b"the cat and the dog"),
    "empty": lambda path, model: path.write_bytes(b""),
    "deep manifest": lambda path, model: path.write_bytes(with_manifest(model, lambda manifest: DEEP)),
    "manifest of a list": lambda path, model: path.write_bytes(with_manifest(model, lambda manifest: "[]")),
    "settings of a list": lambda path, model: path.write_bytes(
        with_manifest(model, lambda manifest: manifest.update(settings=["dim"]))
    ),
    "cut": lambda path, model: path.write_bytes(model.read_bytes()[:-10]),
    "loop": lambda path, model: link_to_itself(path),
    "folder": lambda path, model: path.mkdir(),
    "pipe": lambda path, model: os.mkfifo(path),
}
DAMAGED_MODELS = ("deep manifest", "manifest of a list", "settings of a list", "cut")
UNSEEN = ("loop", "folder", "pipe")  # no files that could be models


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_cannot_be_opened_is_passed_over(run: Run, word2vec_model: Path, tmp_path: Path, damage: str) -> None:
    good = Path(shutil.copy(word2vec_model, tmp_path / "good.safetensors"))
    os.utime(good, (1_700_000_000, 1_700_000_000))
    DAMAGES[damage](tmp_path / "damaged.safetensors", word2vec_model)
    asked = run("similar", "cat", "-n", 3)
    assert asked.code == 0
    *passed_over, using = asked.err.splitlines()
    assert using == "note: using good.safetensors"
    assert ["damaged.safetensors" in note for note in passed_over] == [True] * (damage not in UNSEEN)
    assert run("similar", "cat", "-n", 3, "-q").err == ""
    assert asked.out == run("similar", "cat", "-n", 3, "-m", "good.safetensors").out
    listed = run("models")
    assert [row[0] for row in listed.rows] == ["good.safetensors"]
    assert listed.code == (3 if damage in DAMAGED_MODELS else 0)
    assert ("damaged.safetensors" in listed.err) == (damage not in UNSEEN)
    assert len(listed.err.splitlines()) == (damage not in UNSEEN)


def test_what_was_passed_over_is_noted_at_a_terminal_in_info_and_in_python(
    run: Run, word2vec_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Path(shutil.copy(word2vec_model, tmp_path / "good.safetensors"))
    os.utime(good, (1_700_000_000, 1_700_000_000))
    (tmp_path / "bad.safetensors").write_bytes(with_header("[" * 5000))
    seen = at_a_terminal("similar", "cat", cwd=tmp_path)
    assert "passed over a file: bad.safetensors is damaged" in seen
    assert "using good.safetensors" in seen
    result = run("info")
    assert json.loads(result.out)["path"] == "good.safetensors"
    assert "passed over a file: bad.safetensors is damaged" in result.err
    assert "using good.safetensors" in result.err
    monkeypatch.chdir(tmp_path)
    notes: list[str] = []
    assert wvcli.load(on_note=notes.append).path == Path("good.safetensors")
    [note] = notes
    assert note.startswith("passed over a file: bad.safetensors is damaged")


def test_if_nothing_can_be_opened_the_newest_file_is_named(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(word2vec_model.read_bytes()[:-10])
    result = run("similar", "cat")
    assert (result.code, result.out) == (3, "")
    assert "cut.safetensors is damaged" in result.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["settings", "tokenizer", "checksum", "coverage", "corpus", "reading", "history", "engine", "updated"]
)
def test_a_manifest_of_wrong_types_is_refused_by_name(
    run: Run, word2vec_model: Path, tmp_path: Path, part: str
) -> None:
    odd = tmp_path / "odd.safetensors"
    (tmp_path / "text.txt").write_text("the cat and the dog\n" * 20)
    refusals = []
    for value in ([], [1], "text", 7, {"dim": {}}, None):
        odd.write_bytes(
            with_manifest(word2vec_model, lambda manifest, value=value: manifest.update({part: value}))
        )
        try:
            wvcli.load(odd)
        except InputError as error:
            refusals.append(error.message)
        else:
            assert_no_command_fails_unexpectedly(run)
    assert len(refusals) >= 4
    assert all(f"{odd} is damaged" in message for message in refusals)
    for command in (["similar", "cat", "-m", odd.name], ["info", odd.name]):  # the last one was refused
        result = run(*command)
        assert (result.code, result.err.count("\n")) == (3, 1)
        assert "odd.safetensors is damaged" in result.err


def assert_no_command_fails_unexpectedly(run: Run) -> None:
    """Commands may do without a part of the manifest that is odd, or refuse the model by its name."""
    for command in (
        ["similar", "cat", "-m", "odd.safetensors"],
        ["info", "odd.safetensors"],
        ["info", "odd.safetensors", "--format", "table"],
        ["info", "odd.safetensors", "--command"],
        ["train", "text.txt", "--like", "odd.safetensors", "--epochs", "1", "-q", "-f", "-o", "new.safetensors"],
        ["update", "odd.safetensors", "text.txt", "--epochs", "1", "-q", "-f", "-o", "new.safetensors"],
    ):
        result = run(*command)
        assert result.code in (0, 2, 3), result.err
        assert "unexpected" not in result.err
        if result.code == 3:
            assert "odd.safetensors is damaged" in result.err
            assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("array", ["vectors", "norms", "vocabulary.counts", "subwords.vectors"])
def test_what_makes_another_file_of_a_damaged_model_refuses_it(
    run: Run, fasttext_model: Path, tmp_path: Path, array: str
) -> None:
    content = bytearray(fasttext_model.read_bytes())
    length = int.from_bytes(content[:8], "little")
    start, stop = json.loads(content[8 : 8 + length])[array]["data_offsets"]
    content[8 + length + (start + stop) // 2] ^= 1
    (tmp_path / "flipped.safetensors").write_bytes(content)
    (tmp_path / "text.txt").write_text("the cat and the dog\n" * 20)
    before = sorted(tmp_path.iterdir())
    commands = [
        ["export", "x.vec", "-m", "flipped.safetensors"],
        ["export", "x.npz", "-m", "flipped.safetensors", "-n", "2", "--normalize"],
        ["update", "flipped.safetensors", "text.txt", "-o", "x.safetensors"],
        ["train", "text.txt", "--init", "flipped.safetensors", "--min-count", "1", "-o", "x.safetensors"],
    ]
    if find_spec("faiss"):
        commands.append(["index", "flipped.safetensors"])
    for command in commands:
        result = run(*command)
        assert result.code == 3, command
        assert f"flipped.safetensors is damaged: wrong checksum of {array}" in result.err
        assert sorted(tmp_path.iterdir()) == before


def test_vectors_changed_since_they_were_opened_are_written(word2vec_model: Path, tmp_path: Path) -> None:
    vectors = wvcli.load(word2vec_model)
    doubled = replace(vectors, matrix=2 * np.asarray(vectors.matrix))
    wvcli.export(doubled, tmp_path / "doubled.npz")
    assert np.array_equal(wvcli.load(tmp_path / "doubled.npz")["cat"], 2 * vectors["cat"])
