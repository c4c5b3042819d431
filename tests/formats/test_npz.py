"""NumPy's .npz and .npy files, against `numpy.load`."""

import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Run
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import Writing
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

THREE = np.array(["a", "猫", "c"])
MATRIX = np.random.default_rng(4).normal(0, 1, (3, 5)).astype(np.float32)


def vectors_of(words: list[str], counts: bool = False) -> Vectors:
    known = np.array([30, 20, 10], dtype=np.int64) if counts else None
    return Vectors(Vocabulary.from_words(words), MATRIX, known)


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_numpy_opens_what_is_written(tmp_path: Path, dtype: str, counts: bool) -> None:
    words = ["the", "new york", "猫𝔘"]
    assert formats.write(vectors_of(words, counts), tmp_path / "v.npz", writing=Writing(dtype)) == []
    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        assert set(file) == ({"vectors", "words", "counts"} if counts else {"vectors", "words"})
        assert file["words"].tolist() == words
        assert file["vectors"].dtype == dtype
        assert file["vectors"].tobytes() == MATRIX.astype(dtype).tobytes()
        if counts:
            assert file["counts"].tolist() == [30, 20, 10]
    assert zipfile.ZipFile(tmp_path / "v.npz").testzip() is None
    found = formats.read(tmp_path / "v.npz")
    assert list(found) == words
    assert (found.counts is not None) == counts


@pytest.mark.parametrize("odd", ["ends with\0", "x" * 40_000_000])
def test_words_that_numpy_has_no_text_for_are_bytes(tmp_path: Path, odd: str) -> None:
    words = ["the", odd, ""]
    formats.write(vectors_of(words), tmp_path / "v.npz")
    assert (tmp_path / "v.npz").stat().st_size < len(odd) + 5_000
    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        text, places = file["words_utf8"].tobytes(), file["words_offsets"]
    assert [text[start:stop].decode() for start, stop in pairwise(places)] == words
    assert list(formats.read(tmp_path / "v.npz")) == words


def test_it_answers_queries(run: Run, word2vec_model: Path) -> None:
    assert run("export", "v.npz", "-m", word2vec_model).code == 0
    for command in (["similar", "cat", "-n", 3], ["vocab"]):
        assert run(*command, "-m", "v.npz").rows == run(*command, "-m", word2vec_model).rows


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("arrays", "counts"),
    [
        (
            {"words": THREE, "vectors": MATRIX, "counts": np.array([3, 2, 1], np.uint16)},
            [3, 2, 1],
        ),
        ({"vocab": np.array([b"a", "猫".encode(), b"c"]), "embeddings": MATRIX.astype(">f4")}, None),
        ({"arr_0": np.asfortranarray(MATRIX), "arr_1": THREE, "ids": np.arange(3)}, None),
        ({"v": MATRIX.astype(np.float64), "w": THREE, "note": np.array("of mine")}, None),
    ],
)
def test_files_of_others_are_read(tmp_path: Path, save: Any, arrays: dict[str, Any], counts: Any) -> None:
    save(tmp_path / "v.npz", **arrays)
    found = formats.read(tmp_path / "v.npz")
    assert list(found) == ["a", "猫", "c"]
    assert found.matrix.tobytes() == MATRIX.tobytes()
    assert (found.counts if counts is None else found.counts.tolist()) == counts  # type: ignore[union-attr]
    assert formats.read(tmp_path / "v.npz", limit=2).matrix.tobytes() == MATRIX[:2].tobytes()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"vectors": MATRIX}, r"no array 'words' \(arrays: vectors\)"),
        ({"words": np.array(["a"])}, "no array 'vectors'"),
        ({"a": MATRIX, "b": MATRIX, "words": np.array(["a"] * 3)}, r"arrays: a, b, words"),
        ({"vectors": MATRIX, "words": np.array(["a", "b"])}, "3 vectors for 2 words"),
        ({"vectors": MATRIX, "words": np.array(["a", "b", "c"], dtype=object)}, "'words' is pickled"),
        ({"vectors": MATRIX.astype(object), "words": THREE}, "'vectors' is object"),
        ({"vectors": MATRIX, "words": np.arange(3)}, "'words' is int64"),
        ({"vectors": MATRIX, "words": np.array([b"a", b"\xff", b"c"])}, "is damaged"),
        ({"vectors": MATRIX[0], "words": THREE}, r"'vectors' is float32 \[5\]"),
        ({"vectors": MATRIX, "words": THREE, "counts": np.arange(2)}, "2 counts for 3 words"),
        (
            {"vectors": MATRIX, "words_utf8": np.zeros(3, np.uint8), "words_offsets": np.array([0, 9, 1, 3])},
            "divide",
        ),
        ({"vectors": MATRIX, "words": np.array(["a", "\ud800", "c"])}, "not Unicode text"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "v.npz", **arrays)
    with pytest.raises(InputError, match=message):
        formats.read(tmp_path / "v.npz")


def test_a_bad_checksum_is_seen(tmp_path: Path) -> None:
    formats.write(vectors_of(["a", "b", "c"]), tmp_path / "v.npz")
    whole = (tmp_path / "v.npz").read_bytes()
    place = whole.index(MATRIX[1].tobytes())
    (tmp_path / "v.npz").write_bytes(whole[:place] + b"\x00" + whole[place + 1 :])
    assert "CRC" in refusal(tmp_path / "v.npz").message


def test_an_array_is_not_overlooked_for_its_damaged_name(tmp_path: Path) -> None:
    formats.write(vectors_of(["a", "b", "c"], counts=True), tmp_path / "v.npz")
    whole = (tmp_path / "v.npz").read_bytes()
    place = whole.rindex(b"counts.npy")  # in the directory at the end
    (tmp_path / "v.npz").write_bytes(whole[:place] + b"\0" + whole[place + 1 :])
    assert "the name of an array is damaged" in refusal(tmp_path / "v.npz").message


def test_an_array_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    for name, dtype, shape in (("vectors", "<f4", (10**12, 300)), ("words", "<U100000000", (3,))):
        with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as file:
            for other, array in (("vectors", MATRIX), ("words", THREE)):
                with file.open(f"{other}.npy", "w") as member:
                    if other == name:
                        header = {"descr": dtype, "fortran_order": False, "shape": shape}
                        np.lib.format.write_array_header_1_0(member, header)
                        member.write(bytes(1_000_000))
                    else:
                        np.lib.format.write_array(member, array)
        tracemalloc.start()
        assert "claims" in refusal(tmp_path / "v.npz").message
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10e6


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_has_its_words_beside_it(tmp_path: Path, dtype: str, order: Any) -> None:
    np.save(tmp_path / "v.npy", np.asarray(MATRIX, dtype=dtype, order=order))
    assert "put them into v.words.txt" in refusal(tmp_path / "v.npy").hint
    (tmp_path / "v.txt").write_text("a\nb\nc")
    found = formats.read(tmp_path / "v.npy")
    assert list(found) == ["a", "b", "c"]
    assert found.matrix.tolist() == MATRIX.astype(dtype).astype(np.float32).tolist()
    assert list(formats.read(tmp_path / "v.npy", limit=2)) == ["a", "b"]
    (tmp_path / "v.words.txt").write_text("d\ne\nf\n")
    assert list(formats.read(tmp_path / "v.npy")) == ["d", "e", "f"]


def test_a_damaged_npy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.npy"
    (tmp_path / "v.txt").write_text("a\nb\nc\n")
    np.save(path, MATRIX)
    whole = path.read_bytes()
    for data in (whole[:-1], whole[:40], b"\x93NUMPY", whole.replace(b"(3, 5)", b"(9, 5)")):
        path.write_bytes(data)
        assert "damaged" in refusal(path).message
    np.save(path, np.array([{"a": 1}] * 3), allow_pickle=True)
    refusal(path)
    np.save(path, np.arange(3))
    assert "expected floating-point numbers" in refusal(path).message


def test_words_without_bytes_are_refused_before_they_are_made(tmp_path: Path) -> None:
    import tracemalloc

    many = 2_000_000
    shapes: list[dict[str, tuple[str, tuple[int, ...], int]]] = [
        {"words": ("<U0", (many,), 0)},
        {"words": ("<U1", (many,), 4 * many)},
        {"words": ("|S1", (many,), many)},
        {"words_utf8": ("|u1", (0,), 0), "words_offsets": ("<i8", (many + 1,), 8 * many + 8)},
    ]
    for arrays in shapes:
        with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as file:
            for name, (dtype, shape, size) in {"vectors": ("<f2", (many, 1), 2 * many), **arrays}.items():
                with file.open(f"{name}.npy", "w") as member:
                    header = {"descr": dtype, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(member, header)
                    member.write(bytes(size))
        tracemalloc.start()
        assert "most of them empty" in refusal(tmp_path / "v.npz").message
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6


def test_a_header_of_brackets_is_damage(tmp_path: Path) -> None:
    data = b"\x93NUMPY\x01\x00" + (9_000).to_bytes(2, "little") + b"[" * 9_000
    (tmp_path / "v.npy").write_bytes(data)
    (tmp_path / "v.txt").write_text("a\n")
    assert "v.npy" in refusal(tmp_path / "v.npy").message
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as file:
        file.writestr("vectors.npy", data)
    assert "damaged" in refusal(tmp_path / "v.npz").message
