"""An alignment is opened again as it was made, and refused when it or one of its models is not what it was."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.two_languages import Languages, languages
from wvcli.analysis import aligning
from wvcli.errors import InputError, UsageError
from wvcli.models import alignment_file, model_file, opening
from wvcli.vectors.bilingual import Alignment


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models and their alignment."""
    folder = tmp_path_factory.mktemp("aligned")
    both = languages().in_files(folder)
    dictionary = both.dictionary(folder / "pairs.tsv", range(300))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligning, "FEWEST_TO_REFINE", 100)
        wvcli.align(both.source, both.target, folder / "en-fr", dictionary=dictionary)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


FILE = "en-fr.alignment.safetensors"


def same(one: Alignment, two: Alignment) -> bool:
    words = list(one.words_of_source())
    return one.nearest(words, 3) == two.nearest(words, 3)


def test_what_was_made_is_opened(made: Path) -> None:
    opened = wvcli.load_alignment(made / FILE)
    assert opened.path == made / FILE
    assert opened.about["held_out"]["p@1"] == 1
    assert opened.translate("s5", 1)[0].word == "t5"
    assert [found.word for found in wvcli.translate("t5", made / FILE, 1, reverse=True)] == ["s5"]
    assert [near[0].word for near in wvcli.translate(["s5", "s6"], opened, 1)] == ["t5", "t6"]
    file = alignment_file.open_file(made / FILE)
    assert file.tensors["pairs"].shape == (len(np.unique(file.tensors["pairs"], axis=0)), 2)
    model_file.verify(file)
    again = alignment_file.save(opened, file.tensors["pairs"], made / "again.alignment.safetensors")
    assert same(wvcli.load_alignment(again.path), opened)


def test_the_newest_in_the_folder_is_meant_or_the_one_of_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    shutil.copy(FILE, "newer.alignment.safetensors")
    os.utime("newer.alignment.safetensors", (2e9, 2e9))
    assert wvcli.load_alignment().path == Path("newer.alignment.safetensors")
    Path("newest.alignment.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    Path("newest.alignment.safetensors").write_bytes(Path(FILE).read_bytes()[:-7])
    os.utime("newest.alignment.safetensors", (3e9, 3e9))
    notes: list[str] = []
    assert wvcli.load_alignment(on_note=notes.append).path == Path("newer.alignment.safetensors")
    assert len(notes) == 1
    assert notes[0].startswith("passed over a file: newest.alignment.safetensors is damaged")
    monkeypatch.setenv("WVCLI_ALIGNMENT", FILE)
    assert wvcli.load_alignment().path == Path(FILE)
    assert opening.resolve(None)[0].name in ("en.safetensors", "fr.safetensors")
    monkeypatch.chdir(folder.parent)
    monkeypatch.delenv("WVCLI_ALIGNMENT")
    with pytest.raises(InputError, match="there is no alignment in this folder"):
        wvcli.load_alignment()


def test_models_are_found_by_the_path_from_the_alignment_or_beside_it(folder: Path) -> None:
    expected = wvcli.load_alignment(folder / FILE)
    moved = folder / "deeper"
    moved.mkdir()
    (folder / FILE).rename(moved / FILE)
    with pytest.raises(InputError, match=r"there is no file .*en.safetensors, a model of"):
        wvcli.load_alignment(moved / FILE)
    for name in ("en", "fr"):
        (folder / f"{name}.safetensors").rename(moved / f"{name}.safetensors")
    assert same(wvcli.load_alignment(moved / FILE), expected)


def test_a_model_that_was_changed_is_refused(folder: Path) -> None:
    changed = wvcli.load(folder / "fr.safetensors")
    matrix = np.array(changed.matrix)
    matrix[3, 3] += 1
    path = folder / "fr.safetensors"
    tensors = {**model_file.vector_tensors(changed), "vectors": matrix}
    model_file.save(path, tensors, {"settings": {}, "tokenizer": {}}, overwrite=True)
    with pytest.raises(InputError, match=r"fr.safetensors has changed since it was aligned in") as failure:
        wvcli.load_alignment(folder / FILE)
    assert failure.value.exit_code == 3


def test_an_alignment_is_opened_between_its_models_wherever_they_are(folder: Path) -> None:
    expected = wvcli.load_alignment(folder / FILE)
    for name in ("en", "fr"):
        (folder / f"{name}.safetensors").rename(folder / f"{name}-moved.safetensors")
    english, french = (wvcli.load(folder / f"{name}-moved.safetensors") for name in ("en", "fr"))
    opened = alignment_file.open_between(folder / FILE, english, french)
    assert same(opened, expected)
    assert opened.about == expected.about
    assert same(alignment_file.open_between(folder / FILE, french, english), expected.reversed)


def test_an_alignment_of_other_models_is_refused(folder: Path) -> None:
    (folder / "others").mkdir()
    other = languages(words=30).in_files(folder / "others").source
    english, french = (wvcli.load(folder / f"{name}.safetensors") for name in ("en", "fr"))
    for models in ((english, other), (other, french)):
        with pytest.raises(InputError, match=r"others.en.safetensors is not one of the two models") as failure:
            alignment_file.open_between(folder / FILE, *models)
        assert failure.value.hint == "they are en.safetensors and fr.safetensors"
    with pytest.raises(UsageError, match="the source and the target are the same model"):
        alignment_file.open_between(folder / FILE, english, english)
    other_path = replace(other, path=french.path)
    with pytest.raises(InputError, match=r"fr.safetensors has changed since it was aligned in"):
        alignment_file.open_between(folder / FILE, english, other_path)


def rewritten(path: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    """Write the file again with another manifest."""
    file = model_file.open_tensors(path)
    manifest = json.loads(json.dumps(file.manifest))
    del manifest["checksum"]
    change(manifest)
    arrays = {name: np.array(array) for name, array in file.tensors.items()}
    model_file.save(path, arrays, manifest, overwrite=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda manifest: manifest["alignment"].update(version=2),
            "has alignment format 2; this wvcli reads format 1",
        ),
        (lambda manifest: manifest["source"].update(words=7), "is damaged: 'source.lengths' is float32"),
        (lambda manifest: manifest["target"].update(dim=7), "is damaged: 'target.matrix' is float32"),
        (lambda manifest: manifest.pop("target"), "is damaged: its manifest cannot be understood"),
    ],
)
def test_a_damaged_or_newer_file_is_refused(
    change: Callable[[dict], None],
    message: str,
    folder: Path,  # type: ignore[type-arg]
) -> None:
    rewritten(folder / FILE, change)
    with pytest.raises(InputError, match=message):
        wvcli.load_alignment(folder / FILE)


def test_what_is_no_alignment_is_told_from_what_is_one(folder: Path) -> None:
    with pytest.raises(InputError, match=r"en.safetensors is a model of word vectors, not a bilingual alignment"):
        wvcli.load_alignment(folder / "en.safetensors")
    with pytest.raises(InputError, match=r"pairs.tsv is not a bilingual alignment"):
        wvcli.load_alignment(folder / "pairs.tsv")
    with pytest.raises(InputError, match="is a bilingual alignment, not a model of word vectors"):
        wvcli.load(folder / FILE)
    both = languages()
    with pytest.raises(UsageError, match="an alignment names its models by their files"):
        wvcli.align(both.source, both.target, folder / "no", dictionary=folder / "pairs.tsv", held_out=0, refine=0)


def test_a_model_in_the_common_space_answers_as_the_alignment_does(folder: Path) -> None:
    alignment = wvcli.load_alignment(folder / FILE)
    for name, side in (("en", alignment.source), ("fr", alignment.target)):
        alignment_file.save_side(side, folder / f"{name}-common.safetensors", folder / FILE)
    one, two = (wvcli.load(folder / f"{name}-common.safetensors") for name in ("en", "fr"))
    asked = one["s5"]
    cosines = np.asarray(two.matrix) @ asked / np.linalg.norm(asked) / two.norms
    [found] = alignment.translate("s5", 1, by="cosine")
    assert two.vocabulary[int(cosines.argmax())] == found.word
    assert cosines.max() == pytest.approx(found.similarity, abs=1e-5)


def test_a_name_without_a_suffix_gets_one() -> None:
    names = {"a": "a.alignment.safetensors", "b.safetensors": "b.safetensors"}
    names |= {"a.alignment": "a.alignment.safetensors", "v1.2": "v1.2.alignment.safetensors"}
    assert {str(alignment_file.named(name)) for name in names} == set(names.values())


def test_both_models_can_be_those_of_the_sides(made: Path) -> None:
    both = Languages(*(wvcli.load(made / f"{name}.safetensors") for name in ("en", "fr")))
    assert alignment_file.default_name(both.source, both.target) == Path(FILE)
