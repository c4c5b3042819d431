import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tests.conftest import peak_memory
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.models import model_file
from wvcli.system import atomic_files
from wvcli.vectors.near_spellings import near_spellings
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = ["the", "猫", "", "don't", "😀", "a b"]
Arrays = dict[str, Any]


def arrays(rows: int = len(WORDS), dim: int = 4) -> Arrays:
    rng = np.random.default_rng(1)
    words = (WORDS + [f"w{n}" for n in range(rows)])[:rows]
    vectors = Vectors(
        Vocabulary.from_words(words),
        rng.normal(size=(rows, dim)).astype(np.float32),
        counts=np.arange(rows, 0, -1, dtype=np.int64),
        subwords=Subwords(rng.normal(size=(10, dim)).astype(np.float32), 3, 6),
    )
    return model_file.vector_tensors(vectors)


def manifest(**more: Any) -> dict[str, Any]:
    return {
        "settings": {"min_n": 3, "max_n": 6},
        "tokenizer": {"name": "auto", "lowercase": True},
        "note": "猫 \"'\n",
        **more,
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    model_file.save(path, arrays(), manifest())
    return path


def ask_everything(vectors: Vectors) -> None:
    words = list(vectors)
    for word in [*words, "missing", "the"]:
        vectors.find(word)
        near_spellings(vectors.vocabulary, word)
    for index in range(len(vectors)):
        vectors.count(index)
    if words:
        vectors.most_similar(words[0])


# --- what is written is what is read ---


def with_fitted_subwords() -> Vectors:
    """Words with n-grams that were fitted to their vectors."""
    rng = np.random.default_rng(4)
    return Vectors(
        Vocabulary.from_words(WORDS),
        rng.normal(size=(len(WORDS), 4)).astype(np.float32),
        subwords=Subwords(rng.normal(size=(10, 4)).astype(np.float16), 1, 3, is_fitted=True),
    )


def test_fitted_subwords_come_back_and_are_checked(tmp_path: Path) -> None:
    vectors, path = with_fitted_subwords(), tmp_path / "model.safetensors"
    assert vectors.subwords is not None
    about = {"settings": {"min_n": 3, "max_n": 6}, "tokenizer": {}}
    tensors = model_file.vector_tensors(vectors)
    model_file.save(path, tensors, about | model_file.about_fitted_subwords(vectors.subwords))
    opened = model_file.open_model(path)
    subwords = opened.vectors().subwords
    assert subwords is not None
    assert (subwords.min_n, subwords.max_n, subwords.is_fitted) == (1, 3, True)
    assert subwords.matrix.dtype == np.float16
    np.testing.assert_array_equal(subwords.matrix, vectors.subwords.matrix)
    found = opened.vectors().find("猫狗", from_subwords=True)
    assert found is not None
    np.testing.assert_array_equal(found.vector, vectors.subwords.vector("猫狗"))

    data = bytearray(path.read_bytes())
    place = data.index(vectors.subwords.matrix.tobytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert model_file.damaged_tensors(model_file.open_model(path)) == ["subwords.fitted"]
    with pytest.raises(InputError, match=r"wrong checksum of subwords\.fitted"):
        model_file.verify_vectors(model_file.open_model(path).vectors())


@pytest.mark.parametrize("about", [{}, {"fitted_subwords": {"min_n": 1}}, {"fitted_subwords": [1, 3]}])
def test_fitted_subwords_of_unknown_length_are_refused(tmp_path: Path, about: dict[str, Any]) -> None:
    tensors = model_file.vector_tensors(with_fitted_subwords())
    model_file.save(tmp_path / "a.safetensors", tensors, {"settings": {}, "tokenizer": {}, **about})
    with pytest.raises(InputError, match="fitted"):
        model_file.open_model(tmp_path / "a.safetensors")


def test_a_model_comes_back_as_it_was(model: Path) -> None:
    opened = model_file.open_model(model)
    written = arrays()
    assert opened.tensors.keys() == written.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(opened.tensors[name], array)
        assert opened.tensors[name].dtype == array.dtype
        assert not opened.tensors[name].flags.writeable
    assert opened.manifest.items() >= manifest().items()
    assert opened.manifest["format_version"] == model_file.FORMAT_VERSION
    vectors = opened.vectors()
    assert list(vectors) == WORDS
    assert vectors.path == model
    assert [vectors.count(row) for row in range(len(WORDS))] == [6, 5, 4, 3, 2, 1]
    np.testing.assert_array_equal(vectors["unseen"], Subwords(written["subwords.vectors"], 3, 6).vector("unseen"))
    assert model_file.damaged_tensors(opened) == []


def test_any_safetensors_reader_gets_equal_arrays(model: Path) -> None:
    foreign = load_file(model)
    written = arrays()
    assert foreign.keys() == written.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(foreign[name], array)
        assert foreign[name].dtype == array.dtype


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_model_of_any_size_comes_back(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "small.safetensors"
    model_file.save(path, arrays(rows), manifest())
    opened = model_file.open_model(path)
    assert len(opened.vectors()) == rows
    assert model_file.damaged_tensors(opened) == []
    ask_everything(opened.vectors())


@pytest.mark.parametrize(
    "twist",
    [
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a[:, ::-1][:, ::-1],
        lambda a: a.astype(">f4"),
        lambda a: np.pad(a, 3)[3:-3, 3:-3],
    ],
    ids=["column by column", "every other row", "reversed", "big-endian", "part of a larger array"],
)
def test_an_array_is_stored_by_its_numbers_however_it_lies_in_memory(
    tmp_path: Path, twist: Callable[[Any], Any]
) -> None:
    path = tmp_path / "twisted.safetensors"
    written = arrays()
    model_file.save(path, {**written, "vectors": twist(written["vectors"])}, manifest())
    opened = model_file.open_model(path)
    np.testing.assert_array_equal(opened.tensors["vectors"], written["vectors"])
    assert model_file.damaged_tensors(opened) == []


def test_arrays_of_half_or_double_precision_are_not_saved_as_a_model_that_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "precision.safetensors"
    written = arrays()
    try:
        model_file.save(path, {**written, "vectors": written["vectors"].astype(np.float64)}, manifest())
    except WvcliError:
        assert not path.exists()
    else:
        np.testing.assert_array_equal(model_file.open_model(path).tensors["vectors"], written["vectors"])


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    written = arrays()
    model_file.save(first, written, manifest())
    model_file.save(second, dict(reversed(written.items())), dict(reversed(manifest().items())))
    assert first.read_bytes() == second.read_bytes()


def test_a_model_is_mapped_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    rows, dim = 200_000, 256  # 205 MB
    written = arrays(3, dim)
    written["vectors"] = np.zeros((rows, dim), dtype=np.float32)
    written["norms"] = np.zeros(rows, dtype=np.float32)
    written |= {
        name: getattr(Vocabulary.from_words([f"w{n}" for n in range(rows)]), name.partition(".")[2])
        for name in ("vocabulary.text", "vocabulary.offsets", "vocabulary.order")
    }
    written["vocabulary.counts"] = np.zeros(rows, dtype=np.int64)
    model_file.save(path, written, manifest())
    mapped = model_file.open_model(path).tensors["vectors"]
    base: Any = mapped
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    program = "import sys, wvcli; vectors = wvcli.load(sys.argv[1]); vectors[next(iter(vectors))]"
    small = tmp_path / "small.safetensors"
    model_file.save(small, arrays(), manifest())
    assert peak_memory(program, path) - peak_memory(program, small) < 20_000_000  # bytes, of 205,000,000
    path.unlink()


# --- damage ---


@pytest.mark.parametrize("name", sorted(arrays()))
def test_a_flipped_byte_is_found_and_its_array_named(model: Path, name: str) -> None:
    data = bytearray(model.read_bytes())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    start, stop = header[name]["data_offsets"]
    data[8 + length + (start + stop) // 2] ^= 0x10
    model.write_bytes(data)
    try:
        found = model_file.damaged_tensors(model_file.open_model(model))
    except InputError as error:
        found = [name] if str(model) in error.message else []
    assert found == [name]


def test_a_header_with_one_byte_changed_is_refused_or_says_the_same(model: Path) -> None:
    whole, before = model.read_bytes(), model_file.open_model(model)
    for place in range(8 + int.from_bytes(whole[:8], "little")):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        model.write_bytes(damaged)
        said = str(model)
        try:
            opened = model_file.open_model(model)
            model_file.verify(opened)
            model_file.verify_vectors(opened.vectors())
            assert opened.manifest == before.manifest, place
            assert opened.tensors.keys() == before.tensors.keys()
        except InputError as error:
            said = error.message
        assert str(model) in said


def test_a_model_cut_off_anywhere_is_refused_by_name(model: Path) -> None:
    data = model.read_bytes()
    places = {*range(0, 40), *range(0, len(data), 37), len(data) - 1}
    for length in sorted(places - {len(data)}):
        model.write_bytes(data[:length])
        with pytest.raises(InputError) as caught:
            model_file.open_model(model)
        assert str(model) in caught.value.message
        assert "\n" not in caught.value.message


def test_a_model_with_something_after_its_end_is_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"\n")
    with pytest.raises(InputError, match=r"model\.safetensors"):
        model_file.open_model(model)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_refused_when_all_is_checked_or_changes_no_answer(model: Path, data: st.DataObject) -> None:
    if not (model.parent / "whole.safetensors").exists():
        model.rename(model.parent / "whole.safetensors")
    whole = (model.parent / "whole.safetensors").read_bytes()
    before = model_file.open_model(model.parent / "whole.safetensors").vectors()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    model.write_bytes(damaged)
    try:
        found = model_file.open_model(model).vectors()
        model_file.verify_vectors(found)
    except InputError:
        return
    assert list(found) == list(before)
    assert found.matrix.tobytes() == before.matrix.tobytes()
    assert found.manifest == before.manifest


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_model_with_random_damage_is_refused_or_answers(model: Path, data: st.DataObject) -> None:
    whole = (model.parent / "whole").read_bytes() if (model.parent / "whole").exists() else model.read_bytes()
    (model.parent / "whole").write_bytes(whole)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        damaged[place] = data.draw(st.integers(0, 255) | st.sampled_from(b'0123456789",:{}[]FIU\x80\xff'))
    model.write_bytes(damaged)
    said = str(model)
    try:
        vectors = model_file.open_model(model).vectors()
        list(vectors)
        for word in ("the", "猫", "unseen"):
            vectors.find(word)
            near_spellings(vectors.vocabulary, word)
    except WvcliError as error:
        said = error.message
    assert str(model) in said


@pytest.mark.parametrize("byte", [0x00, 0xC3, 0xFF])
def test_a_damaged_word_is_our_error_when_it_is_read(model: Path, byte: int) -> None:
    data = bytearray(model.read_bytes())
    data[data.index("猫don't".encode()) + 1] = byte
    model.write_bytes(data)
    with pytest.raises(InputError) as caught:
        ask_everything(model_file.open_model(model).vectors())
    assert str(model) in caught.value.message


def rewritten(path: Path, tensors: Mapping[str, Any], meta: Mapping[str, str]) -> None:
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path, dict(meta))


def complete(**more: Any) -> dict[str, str]:
    return {
        model_file.MANIFEST_KEY: json.dumps({"format_version": model_file.FORMAT_VERSION, **manifest(), **more})
    }


def without(name: str) -> Callable[[Arrays], Arrays]:
    return lambda tensors: {key: array for key, array in tensors.items() if key != name}


def with_array(name: str, change: Callable[[Any], Any]) -> Callable[[Arrays], Arrays]:
    return lambda tensors: {**tensors, name: change(tensors[name])}


@pytest.mark.parametrize(
    "damage",
    [
        *(
            pytest.param(without(name), id=f"no {name}")
            for name in ("vectors", "norms", "vocabulary.text", "vocabulary.offsets", "vocabulary.order")
        ),
        pytest.param(lambda tensors: {}, id="nothing"),
        *(
            pytest.param(with_array(name, lambda a: a[:-1]), id=f"{name} too short")
            for name in sorted(arrays())
            if name != "subwords.vectors"
        ),
        pytest.param(with_array("norms", lambda a: np.append(a, np.float32(1))), id="norms too long"),
        pytest.param(with_array("vocabulary.counts", lambda a: a[:, None]), id="counts in two dimensions"),
        pytest.param(with_array("subwords.vectors", lambda a: a[:, :-1]), id="subwords of another dimension"),
        pytest.param(with_array("vectors", lambda a: a.ravel()), id="vectors in one dimension"),
        pytest.param(with_array("vectors", lambda a: a.view(np.int32)), id="vectors of integers"),
        pytest.param(with_array("norms", lambda a: a.view(np.int32)), id="norms of integers"),
        pytest.param(with_array("vocabulary.offsets", lambda a: a.astype(np.float32)), id="offsets of fractions"),
        pytest.param(with_array("vocabulary.order", lambda a: a + 1), id="order beyond the words"),
        pytest.param(with_array("vectors", lambda a: a.astype(np.float16)), id="vectors of half precision"),
    ],
)
def test_a_file_with_improper_arrays_is_refused(tmp_path: Path, damage: Callable[[Arrays], Arrays]) -> None:
    path = tmp_path / "improper.safetensors"
    rewritten(path, damage(arrays()), complete())
    with pytest.raises(InputError) as caught:
        ask_everything(model_file.open_model(path).vectors())
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        '"text"',
        "{}",
        '{"format_version": null}',
        '{"format_version": "one"}',
        '{"format_version": 1}',
        '{"format_version": 1, "settings": []}',
        '{"format_version": 1, "settings": {}}',
        '{"format_version": 1, "settings": {"min_n": "3", "max_n": 6}}',
        '{"format_version": 1, "settings": {"min_n": null, "max_n": null}}',
        '{"format_version": 1, "settings": {"min_n": 3, "max_n": 6}, "tokenizer": "auto"}',
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "senseless.safetensors"
    rewritten(path, arrays(), {model_file.MANIFEST_KEY: text})
    with pytest.raises(InputError) as caught:
        ask_everything(model_file.open_model(path).vectors())
    assert str(path) in caught.value.message


def test_a_file_of_a_newer_format_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "newer.safetensors"
    rewritten(path, arrays(), complete(format_version=model_file.FLORET_VERSION + 1))
    with pytest.raises(InputError, match=f"model format {model_file.FLORET_VERSION + 1}") as caught:
        model_file.open_model(path)
    assert str(path) in caught.value.message
    assert "newer wvcli" in caught.value.hint
    assert model_file.is_model(path)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int8, np.bool_])
def test_another_programs_safetensors_file_is_refused_as_such(tmp_path: Path, dtype: Any) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": np.ones((2, 3), dtype=dtype)}, path, {"format": "pt"})
    with pytest.raises(InputError, match="not a wvcli model") as caught:
        model_file.open_model(path)
    assert str(path) in caught.value.message
    assert not model_file.is_model(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x00" * 8,
        b"\xff" * 100,
        b"the cat sat\n" * 100,
        b"\x02" + b"\x00" * 7 + b"{}",
        b"\x02" + b"\x00" * 7 + b"[]",
        b"\x04" + b"\x00" * 7 + b"null",
        b"\x80\x04\x95" + b"x" * 100,
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    assert not model_file.is_model(path)
    with pytest.raises(InputError) as caught:
        model_file.open_model(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.safetensors"
    with pytest.raises(InputError, match="there is no file"):
        model_file.open_model(missing)
    with pytest.raises(InputError, match=tmp_path.name):
        model_file.open_model(tmp_path)
    assert not model_file.is_model(missing)
    assert not model_file.is_model(tmp_path)


# --- where it may be written ---


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder anyone may enter, and no right to do more than anyone may."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.seteuid(65534)
            yield folder
        else:
            folder.chmod(0o555)
            yield folder
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_folder_one_may_not_write_is_named(unprivileged: Path) -> None:
    path = unprivileged / "model.safetensors"
    for attempt in (
        lambda: atomic_files.check_writable(path, False),
        lambda: model_file.save(path, arrays(), manifest()),
    ):
        with pytest.raises(WvcliError, match="permission denied") as caught:
            attempt()
        assert str(path) in caught.value.message
    assert list(unprivileged.iterdir()) == []


def test_a_file_one_may_not_read_is_named(model: Path, unprivileged: Path) -> None:
    if os.getuid() == 0:
        os.seteuid(0)
        path = Path(shutil.copy(model, unprivileged))
        path.chmod(0)
        os.seteuid(65534)
    else:
        path = model
        path.chmod(0)
    assert not model_file.is_model(path)
    with pytest.raises(InputError, match=r"(?i)permission denied") as caught:
        model_file.open_model(path)
    assert str(path) in caught.value.message


def test_an_existing_file_is_kept_unless_told_otherwise(model: Path) -> None:
    before = model.read_bytes()
    with pytest.raises(UsageError, match="exists") as caught:
        model_file.save(model, arrays(2), manifest())
    assert "`overwrite=True`" in caught.value.hint
    assert model.read_bytes() == before
    model_file.save(model, arrays(2), manifest(), overwrite=True)
    assert len(model_file.open_model(model).vectors()) == 2
    assert os.listdir(model.parent) == [model.name]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_not_a_place_for_a_file_is_refused(tmp_path: Path, overwrite: bool) -> None:
    for path in (tmp_path, tmp_path / "none" / "model.safetensors"):
        with pytest.raises(WvcliError) as caught:
            model_file.save(path, arrays(), manifest(), overwrite)
        assert str(path) in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"

    def write() -> None:
        with atomic_files.atomic_write(path, overwrite=False) as aside:
            aside.write_text("mine")
            path.write_text("another's")

    with pytest.raises(UsageError, match="exists"):
        write()
    assert path.read_text() == "another's"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("failure", [ValueError("mine"), KeyboardInterrupt()])
def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(model: Path, failure: BaseException) -> None:
    before = model.read_bytes()

    def write() -> None:
        with atomic_files.atomic_write(model, overwrite=True) as aside:
            aside.write_text("half")
            raise failure

    with pytest.raises(type(failure)):
        write()
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


def test_a_model_that_is_open_stays_readable_when_it_is_replaced(model: Path) -> None:
    opened = model_file.open_model(model)
    model_file.save(model, arrays(2), manifest(), overwrite=True)
    np.testing.assert_array_equal(opened.tensors["vectors"], arrays()["vectors"])


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077])
def test_the_file_mode_follows_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "model.safetensors"
    before = os.umask(mask)
    try:
        model_file.save(path, arrays(), manifest())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


WRITER = """
import resource, sys
from pathlib import Path
import numpy as np
from wvcli.models import model_file
from wvcli.errors import WvcliError
from wvcli.vectors.word_vectors import Vectors
from wvcli.vectors.vocabulary import Vocabulary
path, rows, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
vectors = Vectors(Vocabulary.from_words([f"w{n}" for n in range(rows)]), np.ones((rows, 1000), np.float32))
print("ready", flush=True)
try:
    model_file.save(path, model_file.vector_tensors(vectors), {}, overwrite=True)
except WvcliError as error:
    sys.exit(f"{type(error).__name__}: {error.message}")
"""


def writer(path: Path, rows: int, limit: int = 0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, str(rows), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_while_writing(path: Path) -> bool:
    """Start to write 240 MB and kill the writer; whether that came before it was done."""
    process = writer(path, rows=60_000)
    try:
        end = time.monotonic() + 30
        while process.poll() is None and not list(path.parent.glob(".*.tmp")):
            assert time.monotonic() < end
            time.sleep(0.001)
    finally:
        process.kill()
        process.communicate(timeout=30)
    return process.returncode == -signal.SIGKILL and bool(list(path.parent.glob(".*.tmp")))


def test_a_kill_while_writing_leaves_the_old_file(model: Path) -> None:
    before = model.read_bytes()
    for _ in range(10):  # a busy machine may wake this program up too late
        if killed_while_writing(model):
            break
        model.write_bytes(before)
    else:
        pytest.fail("no kill came in time")
    assert model.read_bytes() == before
    assert model_file.damaged_tensors(model_file.open_model(model)) == []
    model_file.save(model, arrays(2), manifest(), overwrite=True)
    assert len(model_file.open_model(model).vectors()) == 2
    assert os.listdir(model.parent) == [model.name]


def test_a_file_that_may_grow_no_further_leaves_nothing_behind_and_says_why(model: Path) -> None:
    before = model.read_bytes()
    process = writer(model, rows=2_000, limit=1_000_000)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(f"WvcliError: cannot write {model}: ")
    assert "large" in said
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only an administrator can make a small disk to fill")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk_leaves_nothing_new_behind_and_says_so(small_disk: Path, existing: bool) -> None:
    path = small_disk / "model.safetensors"
    if existing:
        model_file.save(path, arrays(), manifest())
    before = {file.name: file.read_bytes() for file in small_disk.iterdir()}
    process = writer(path, rows=2_000)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, (process.returncode, said)
    assert said.strip() == f"WvcliError: cannot write {path}: no space left on device"
    assert {file.name: file.read_bytes() for file in small_disk.iterdir()} == before


def test_the_safetensors_package_reads_what_is_saved(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    path = tmp_path / "model.safetensors"
    model_file.save(path, arrays(), manifest())
    found = load_file(path)
    assert found.keys() == arrays().keys()
    for name, array in arrays().items():
        assert found[name].dtype == np.asarray(array).dtype
        np.testing.assert_array_equal(found[name], array)
