"""Files of tensors, held against the safetensors package."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from wvcli.errors import InputError
from wvcli.system import tensor_files

FLOATS = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def file_of(path: Path, header: str | bytes | dict[str, Any], data: int) -> Path:
    """A file with this header, as text or as the object it holds, and so many bytes behind it."""
    text = header if isinstance(header, str | bytes) else json.dumps(header)
    coded = text.encode() if isinstance(text, str) else text
    path.write_bytes(len(coded).to_bytes(8, "little") + coded + bytes(data))
    return path


def is_accepted_by_package(path: Path) -> bool:
    try:
        with safe_open(path, framework="np"):
            return True
    except (SafetensorError, ValueError):
        return False


def is_accepted(path: Path) -> bool:
    try:
        tensor_files.map_file(path)
    except InputError as error:
        return not error.message.startswith(f"{path} is damaged")  # no other error is expected
    return True


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": FLOATS, "b": FLOATS | {"data_offsets": [12, 20]}}, 20),
        ({"a": FLOATS, "b": FLOATS | {"data_offsets": [4, 12]}}, 12),
        ({"a": FLOATS}, 7),
        ({"a": FLOATS}, 9),
        ({"a": FLOATS | {"shape": [3]}}, 8),
        ({"a": FLOATS | {"shape": [-2]}}, 8),
        ({"a": FLOATS | {"shape": [2.0]}}, 8),
        ({"a": FLOATS | {"shape": [True, 2]}}, 8),
        ({"a": FLOATS | {"shape": "2"}}, 8),
        ({"a": FLOATS | {"data_offsets": [8, 0]}}, 8),
        ({"a": FLOATS | {"data_offsets": [0]}}, 8),
        ({"a": FLOATS | {"data_offsets": [0, 8, 8]}}, 8),
        ({"a": FLOATS | {"dtype": "F33"}}, 8),
        ({"a": FLOATS | {"dtype": 32}}, 8),
        ({"a": {"dtype": "F32", "shape": [2]}}, 8),
        ({"a": None}, 0),
        ({"a": FLOATS, "__metadata__": {"a": 1}}, 8),
        ({"a": FLOATS, "__metadata__": "a"}, 8),
        (json.dumps({"a": FLOATS}) + "\0", 8),
        (json.dumps({"a": FLOATS})[:-1], 8),
        ("[]", 0),
        ("null", 0),
        ('{"a": NaN}', 0),
        ('{"__metadata__": {"a": "\\ud800"}}', 0),
        (b'{"__metadata__": {"a": "\xff"}}', 0),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, 0),
        ('{"a":' + "9" * 5_000 + "}", 0),
    ],
)
def test_what_the_package_refuses_is_refused(tmp_path: Path, header: Any, data: int) -> None:
    path = file_of(tmp_path / "e.safetensors", header, data)
    assert not is_accepted_by_package(path)
    assert not is_accepted(path)


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    entry = json.dumps(FLOATS)
    assert not is_accepted(file_of(tmp_path / "e", f'{{"a": {entry}, "a": {entry}}}', 8))


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({}, 0),
        ({"a": FLOATS}, 8),
        ({"b": FLOATS | {"data_offsets": [8, 16]}, "a": FLOATS}, 16),
        ({"a": FLOATS | {"shape": [], "data_offsets": [0, 4]}}, 4),
        ({"a": FLOATS | {"shape": [0, 3], "data_offsets": [0, 0]}}, 0),
        ({"a": FLOATS | {"more": 1}, "__metadata__": {"猫": "\U0001f600 \\ud83d"}}, 8),
        ({"a": FLOATS, "__metadata__": None}, 8),
        (f"  {json.dumps({'a': FLOATS})}  ", 8),
        ({"a": FLOATS | {"dtype": "C64", "shape": [1]}}, 8),
    ],
)
def test_what_the_package_takes_is_taken(tmp_path: Path, header: Any, data: int) -> None:
    path = file_of(tmp_path / "e.safetensors", header, data)
    with safe_open(path, framework="np") as file:
        texts, names = file.metadata() or {}, file.keys()
    found_texts, found = tensor_files.map_file(path)
    assert found_texts == tensor_files.read_metadata(path) == texts
    assert found.keys() == set(names)
    for name, array in load_file(path).items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("padding", range(9))
def test_arrays_after_a_header_of_any_length_are_read(tmp_path: Path, padding: int) -> None:
    numbers = np.arange(12, dtype=np.float32).reshape(3, 4)
    header = json.dumps({"a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}) + " " * padding
    path = file_of(tmp_path / "e", header, 0)
    path.write_bytes(path.read_bytes() + numbers.tobytes())
    found = tensor_files.map_file(path)[1]["a"]
    assert (found == numbers).all()
    assert (found @ numbers.T == numbers @ numbers.T).all()
    assert found[1:].tobytes() == numbers[1:].tobytes()
    assert not found.flags.writeable


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_refused_where_the_package_refuses_it(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "e.safetensors"
    arrays = {"a": np.arange(4, dtype=np.int16), "b": np.eye(2, dtype=np.float16), "c": np.ones(3, dtype=bool)}
    save_file(arrays, path, {"text": "value"})
    damaged = bytearray(path.read_bytes())
    length = 8 + int.from_bytes(damaged[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, length - 1))] = data.draw(st.sampled_from(b'0123456789",:{}[]FIU\x80 '))
    path.write_bytes(damaged)
    if is_accepted(path):
        assert is_accepted_by_package(path)


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "?", "c8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", ">i8"])
def test_every_kind_of_number_comes_back_here_and_in_the_package(tmp_path: Path, dtype: str) -> None:
    written = {"a": np.array([[0, 1], [2, 3]], dtype=dtype), "none": np.empty((0, 2), dtype=dtype)}
    digests: dict[str, str] = {}

    def metadata(given: Any) -> dict[str, str]:
        digests.update(given)
        return {"text": "value"}

    tensor_files.write(tmp_path / "e", written, metadata, {})
    texts, found = tensor_files.map_file(tmp_path / "e")
    assert texts == {"text": "value"}
    foreign = load_file(tmp_path / "e")
    for name, array in written.items():
        for other in (found[name], foreign[name]):
            np.testing.assert_array_equal(other, array)
            assert other.dtype == array.dtype.newbyteorder("<")
        assert tensor_files.sha256_of(array) == tensor_files.sha256_of(found[name]) == digests[name]


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        tensor_files.map_file(tmp_path / "none")
    with pytest.raises(InputError, match="cannot read"):
        tensor_files.map_file(tmp_path)
