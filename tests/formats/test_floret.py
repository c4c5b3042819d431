"""floret's files, against its own package where it is installed."""

import struct
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.conftest import SENTENCES, Run
from tests.formats.test_fasttext import UNSEEN, check_broken, random_vectors, refusal
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats._fasttext_model import open_model
from wvcli.models import exporting, importing, model_file
from wvcli.vectors.word_vectors import Vectors

KINDS: list[dict[str, Any]] = [
    {"mode": "floret", "hashCount": 2, "minn": 3, "maxn": 5},
    {"mode": "floret", "hashCount": 4, "minn": 1, "maxn": 2},
    {"mode": "floret", "hashCount": 1, "minn": 0, "maxn": 0},
    {"mode": "floret", "hashCount": 3, "minn": 2, "maxn": 30},
    {"mode": "fasttext", "minn": 2, "maxn": 4},
    {"mode": "fasttext", "minn": 0, "maxn": 0},
]


@pytest.fixture(scope="module")
def floret() -> ModuleType:
    module: ModuleType = pytest.importorskip("floret", reason="needs floret: pip install floret")
    return module


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def made(floret: ModuleType, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that floret made, and its table beside it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "text").write_text("\n".join(SENTENCES * 40) + "\n", encoding="utf-8")
    given = {"dim": 8, "minCount": 1, "epoch": 2, "lr": 0.2, "bucket": 300, "thread": 1, "verbose": 0}
    model = floret.train_unsupervised(str(folder / "text"), **given, **request.param)
    model.save_model(str(folder / "model.bin"))
    if request.param["mode"] == "floret":
        model.save_floret_vectors(str(folder / "model.floret"))
    return folder / "model.bin"


def check_vectors(theirs: Any, ours: Vectors, words: list[str]) -> None:
    for word in words:
        found = ours.find(word)
        expected = theirs.get_word_vector(word)
        np.testing.assert_allclose(np.zeros(ours.dim) if found is None else found.vector, expected, atol=1e-6)


def check_neighbors(theirs: Any, ours: Vectors, words: list[str]) -> None:
    for word in words:
        expected = theirs.get_nearest_neighbors(word, 5)
        found = ours.most_similar(word, 6)
        assert [score for score, _ in expected] == pytest.approx([score for _, score in found[:5]], abs=2e-6)
        for score, neighbor in expected:
            assert dict(found).get(neighbor, found[-1][1]) == pytest.approx(score, abs=2e-6)


@pytest.mark.client
def test_what_floret_made_has_its_vectors_and_neighbours(floret: ModuleType, made: Path) -> None:
    theirs, ours = floret.load_model(str(made)), formats.read(made)
    assert list(ours) == theirs.get_words()
    assert ours.count(0) == theirs.get_words(include_freq=True)[1][0]
    check_vectors(theirs, ours, [*ours, *UNSEEN, "y" * 100])
    check_neighbors(theirs, ours, ["cat", "kitchen"] + (["catdog"] if ours.subwords else []))


@pytest.mark.client
def test_an_imported_model_keeps_floret_s_subwords(made: Path, run: Run, tmp_path: Path) -> None:
    whole = formats.read(made)
    assert run("import", made, "-o", "model.safetensors").code == 0
    found = model_file.open_model(tmp_path / "model.safetensors").vectors()
    assert (found.matrix == whole.matrix).all()
    if whole.subwords is not None:
        assert (found["catdog"] == whole["catdog"]).all()


def test_a_model_with_floret_s_hash_has_a_version_of_its_own(tmp_path: Path) -> None:
    """So that a program that knows only fastText's hash refuses it."""
    write_hashed(tmp_path / "hashed.floret.bin", ["the", "cat"])
    formats.write(random_vectors(["the", "cat"]), tmp_path / "usual.floret.bin")
    for name, version in (("hashed", model_file.FLORET_VERSION), ("usual", model_file.FORMAT_VERSION)):
        model = importing.import_vectors(tmp_path / f"{name}.floret.bin", tmp_path / f"{name}.safetensors").path
        assert model is not None
        assert model_file.open_model(model).manifest["format_version"] == version


@pytest.mark.client
def test_the_first_words_of_what_floret_made(made: Path) -> None:
    whole = formats.read(made)
    for limit in (1, 5, 10_000):
        some = formats.read(made, limit=limit)
        assert list(some) == list(whole)[:limit]
        assert (some.matrix == whole.matrix[:limit]).all()


@pytest.mark.client
def test_floret_gives_our_vectors_of_our_fasttext_model(
    floret: ModuleType, fasttext_model: Path, tmp_path: Path
) -> None:
    ours = model_file.open_model(fasttext_model).vectors()
    exporting.export(ours, tmp_path / "model.floret.bin")
    theirs = floret.load_model(str(tmp_path / "model.floret.bin"))
    assert theirs.get_words() == list(ours)
    check_vectors(theirs, ours, [*ours, *UNSEEN])
    check_neighbors(theirs, ours, ["cat", "mouse", "kitchens"])


def write_hashed(path: Path, words: list[str]) -> Path:
    """A file with floret's hash, two rows for each, of rows that no training made."""
    formats.write(random_vectors(words), path, "floret")
    data = path.read_bytes()
    path.write_bytes(data[:52] + struct.pack("<2i", 2, 2) + data[60:])
    return path


def test_a_word_is_the_mean_of_its_rows(tmp_path: Path) -> None:
    path = write_hashed(tmp_path / "file", ["the", "cat", "naïve", "</s>", "猫猫"])
    found = formats.read(path)
    with path.open("rb") as file:
        rows = open_model(file, path).inputs.view("<f4")
    assert found.subwords is not None
    for word in ["cat", "naïve", "猫猫", "unseen"]:
        buckets = found.subwords.buckets(word)
        assert len(buckets) == 2 * (1 + len(word) + 1 + len(word) + len(word) - 1)  # of 2 to 4 characters
        np.testing.assert_allclose(found[word], rows[5:][buckets].mean(axis=0), atol=1e-6)
    of_first = [rows[0], *rows[5:][found.subwords.buckets("the")]]  # which alone has a row of its own
    np.testing.assert_allclose(found["the"], np.mean(of_first, axis=0), atol=1e-6)
    assert not found["</s>"].any()


def test_other_formats_leave_floret_s_subwords_out_and_say_so(run: Run, tmp_path: Path) -> None:
    write_hashed(tmp_path / "model.floret.bin", ["the", "cat", "dog"])
    done = run("export", "out.fasttext.bin", "-m", "model.floret.bin")
    assert done.code == 0
    assert "floret's subwords are left out, since fasttext is written with fastText's hash" in done.err
    found = formats.read(tmp_path / "out.fasttext.bin")
    assert found.subwords is None
    assert (found.matrix == formats.read(tmp_path / "model.floret.bin").matrix).all()


def test_floret_s_table_is_refused_with_a_way_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "model.floret").write_text("2 3 2 4 2 2166136261 < >\n0 1 2 3 \n1 4 5 6 \n", encoding="utf-8")
    done = run("similar", "cat", "-m", "model.floret")
    assert done.code != 0
    assert "model.floret is a table of floret, which has rows but no words" in done.err
    assert "read floret's .bin instead" in done.err


@pytest.mark.client
def test_the_table_that_floret_writes_is_told_as_one(made: Path) -> None:
    if made.with_suffix(".floret").exists():
        assert "is a table of floret" in refusal(made.with_suffix(".floret"))


def test_fasttexts_and_floret_s_files_are_not_mixed_up(tmp_path: Path) -> None:
    for name, other in (("fasttext", "floret"), ("floret", "fasttext")):
        formats.write(random_vectors(["the", "cat"]), tmp_path / name, name)
        assert formats.recognise(tmp_path / name).name == name
        with pytest.raises(InputError, match=f"a .bin of {name}, not of {other}".replace("fasttext", "fastText")):
            formats.read(tmp_path / name, other)


@pytest.mark.parametrize(("place", "value"), [(52, 3), (52, 0), (56, 0), (56, 5), (40, 0), (40, 2**31 - 1)])
def test_a_wrong_setting_is_refused(tmp_path: Path, place: int, value: int) -> None:
    path = write_hashed(tmp_path / "file", ["the", "cat", "dog"])
    data = bytearray(path.read_bytes())
    data[place : place + 4] = struct.pack("<i", value)
    path.write_bytes(data)
    refusal(path)


def test_broken_files_with_floret_s_hash_are_refused_or_read_as_they_stand(tmp_path: Path) -> None:
    check_broken(write_hashed(tmp_path / "file", ["the", "cat", "naïve", "猫", "</s>"]), "floret", 3)
