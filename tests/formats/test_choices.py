"""Files that hold several matrices or columns, of which the user names the ones that are meant."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from safetensors.numpy import save_file

import wvcli
from tests.clients import package
from tests.conftest import Run
from wvcli import formats
from wvcli.errors import InputError, UsageError
from wvcli.formats import Reading

WORDS = ["the", "猫", "new york"]
FIRST = np.arange(6, dtype=np.float32).reshape(3, 2)
SECOND = np.arange(9, dtype=np.float32).reshape(3, 3) / 4


def _npz(path: Path) -> None:
    np.savez(path, a=FIRST, b=SECOND, tokens=np.array(WORDS), notes=np.array(["x", "y", "z"]))


def _safetensors(path: Path) -> None:
    save_file({"a": FIRST, "b": SECOND}, path, metadata={"words": json.dumps(WORDS)})


def _torch(path: Path) -> None:
    torch = package("torch")
    tables = {"a": torch.tensor(FIRST), "b": torch.tensor(SECOND)}
    torch.save({"state": tables, "itos": WORDS}, path)


def _columns() -> dict[str, Any]:
    return {
        "text": ["x", "y", "z"],
        "token": WORDS,
        "small": [row.tolist() for row in FIRST],
        "large": [row.tolist() for row in SECOND],
    }


def _parquet(path: Path) -> None:
    parquet.write_table(pa.table(_columns()), path)


def _arrow(path: Path) -> None:
    table = pa.table(_columns())
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as file:
        file.write_table(table)


def _objects() -> list[dict[str, Any]]:
    return [dict(zip(_columns(), values, strict=True)) for values in zip(*_columns().values(), strict=True)]


def _jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in _objects()), encoding="utf-8")


def _json(path: Path) -> None:
    path.write_text(json.dumps(_objects()), encoding="utf-8")


def _csv(path: Path) -> None:
    rows = [
        [*each[:2], *('"' + str(vector).replace(",", separator) + '"' for vector in each[2:])]
        for each, separator in zip(zip(*_columns().values(), strict=True), [",", "", ","], strict=True)
    ]
    path.write_text("\n".join(",".join(row) for row in [list(_columns()), *rows]) + "\n", encoding="utf-8")


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute('CREATE TABLE words (text TEXT, "token" TEXT, small BLOB, large BLOB)')
        for text, word, small, large in zip("xyz", WORDS, FIRST, SECOND, strict=True):
            database.execute(
                "INSERT INTO words VALUES (?, ?, ?, ?)", (text, word, small.tobytes(), large.tobytes())
            )
        database.commit()


BY_COLUMN = Reading(word_column="token", vector_column="large")
FILES: dict[str, tuple[Callable[[Path], None], Reading, str, str]] = {
    "npz": (_npz, Reading(matrix="b", word_column="tokens"), "matrix", "a, b, notes, tokens"),
    "safetensors": (_safetensors, Reading(matrix="b"), "matrix", "a, b"),
    "parquet": (_parquet, BY_COLUMN, "vector_column", "text (string), token (string)"),
    "arrow": (_arrow, BY_COLUMN, "vector_column", "text (string), token (string)"),
    "jsonl": (_jsonl, BY_COLUMN, "vector_column", "'text', 'token', 'small', 'large'"),
    "json": (_json, BY_COLUMN, "vector_column", "'text', 'token', 'small', 'large'"),
    "csv": (_csv, BY_COLUMN, "vector_column", "text, token, small, large"),
    "sqlite": (_sqlite, BY_COLUMN, "vector_column", "large, small, text, token"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_named_is_read_and_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    make, reading, option, there = FILES[name]
    make(tmp_path / "file")
    path = next(tmp_path.iterdir())
    found = formats.read(path, name, reading=reading)
    assert list(found) == WORDS
    assert np.array_equal(found.matrix[:], SECOND)
    assert len(formats.read(path, name, 2, reading=reading)) == 2
    with pytest.raises(InputError):  # nothing says which is meant
        formats.read(path, name)
    wrong = Reading(**{**{item: getattr(reading, item) for item in reading.chosen}, option: "other"})
    with pytest.raises(InputError) as missing:
        formats.read(path, name, reading=wrong)
    assert there in missing.value.message
    assert "other" in missing.value.message


@pytest.mark.client
def test_a_tensor_is_chosen_by_its_key(tmp_path: Path) -> None:
    _torch(tmp_path / "v.pt")
    for name in ("b", "state.b"):
        assert np.array_equal(formats.read(tmp_path / "v.pt", reading=Reading(matrix=name)).matrix[:], SECOND)
    with pytest.raises(InputError, match="2 such pairs") as several:
        formats.read(tmp_path / "v.pt")
    assert several.value.hint == "choose with `matrix`"
    with pytest.raises(InputError, match=r"no matrix 'c' \(matrices: state\.a, state\.b\)"):
        formats.read(tmp_path / "v.pt", reading=Reading(matrix="c"))


def test_numbers_follow_the_column_of_words(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text(",token,0,1\n0,the,1.5,2\n1,猫,,4\n2,x,5,y\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"v\.csv, line 4: 'y' is not a number"):
        formats.read(path, reading=Reading(word_column="token"))
    notes: list[str] = []
    reading = Reading(word_column="token", skip_bad=True)
    found = formats.read(path, reading=reading, on_note=notes.append)
    np.testing.assert_array_equal(found.matrix, [[1.5, 2], [np.nan, 4]])
    assert notes == [f"line 4 of {path} cannot be read and was left out"]
    path.write_text("token,0,1\nthe,1\n")
    with pytest.raises(InputError, match="line 2: expected 3 cells, found 2"):
        formats.read(path, "csv", reading=Reading(word_column="token"))


def test_a_format_without_a_choice_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("1 2\nthe 1 2\n")
    with pytest.raises(UsageError, match="the format word2vec-text, which has no `matrix` to choose") as caught:
        wvcli.import_vectors(tmp_path / "v.vec", tmp_path / "m", matrix="a")
    assert "npz, safetensors, torch" in caught.value.hint
    _npz(tmp_path / "v.npz")
    several = run("import", "v.npz")
    assert several.code == 3
    assert several.err.endswith("(arrays: a, b, notes, tokens); choose with --matrix\n")
    assert run("import", "v.npz", "--matrix", "a", "--word-column", "tokens", "-q").code == 0
    origin = json.loads(run("info", "v.safetensors").out)["imported"]
    assert (origin["matrix"], origin["word_column"]) == ("a", "tokens")


def test_the_words_of_an_array_are_in_a_file_that_is_named(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", SECOND)
    parquet.write_table(pa.table({"index": WORDS, "row": [0, 1, 2]}), tmp_path / "index.parquet")
    (tmp_path / "list.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "all.whl", "w") as archive:
        archive.writestr("package/__init__.py", "")
        for name in ("v.npy", "index.parquet"):
            archive.write(tmp_path / name, f"package/data/{name}")
    for source, words in (("v.npy", "index.parquet"), ("v.npy", "list.txt"), ("all.whl", "index.parquet")):
        inside = source == "all.whl"
        named = words if inside else tmp_path / words
        found = wvcli.import_vectors(tmp_path / source, tmp_path / "m", words=named, overwrite=True)
        assert list(found) == WORDS
        assert np.array_equal(found.matrix[:], SECOND)
        assert found.manifest["imported"]["words"] == str(named)
    with pytest.raises(InputError, match=r"all\.whl has no file called none"):
        wvcli.import_vectors(tmp_path / "all.whl", tmp_path / "m", words="none", overwrite=True)
    with pytest.raises(InputError, match="there is no file none"):
        wvcli.import_vectors(tmp_path / "v.npy", tmp_path / "m", words="none", overwrite=True)
    alone = run("import", "v.npy")
    assert alone.code == 3
    assert "or name their file with --words" in alone.err


def test_a_file_of_words_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", SECOND)
    path = tmp_path / "w.parquet"
    for table, message in (
        ({"index": WORDS[:2]}, r"w\.parquet has 2 words for the 3 vectors"),
        ({"a": WORDS, "b": WORDS}, r"expected a column of words, found a \(string\), b \(string\)"),
        ({"row": [1, 2, 3]}, r"expected a column of words, found row \(int64\)"),
        ({"index": ["the", None, "x"]}, "row 2: expected a word"),
    ):
        parquet.write_table(pa.table(table), path)
        with pytest.raises(InputError, match=message):
            formats.read(tmp_path / "v.npy", reading=Reading(words=path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"w\.parquet is damaged"):
        formats.read(tmp_path / "v.npy", reading=Reading(words=path))


def save_dataset(folder: Path, files: int = 2) -> Path:
    """Write a table as datasets' `save_to_disk` does, in several files."""
    folder.mkdir(parents=True)
    table = pa.table({"word": WORDS, "vector": [row.tolist() for row in SECOND]})
    names = [f"data-{number:05}-of-{files:05}.arrow" for number in range(files)]
    for number, name in enumerate(names):
        part = table.slice(number * 2, 2)
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as file:
            file.write_table(part)
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "0", "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def test_the_folder_of_a_dataset_is_read(tmp_path: Path) -> None:
    folder = save_dataset(tmp_path / "d" / "train")
    assert [member.name for member in formats.matching(folder)] == ["datasets"]
    found = wvcli.load(folder)
    assert list(found) == WORDS
    assert np.array_equal(found.matrix[:], SECOND)
    (tmp_path / "d" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    assert list(wvcli.load(tmp_path / "d")) == WORDS
    save_dataset(tmp_path / "d" / "test")
    (tmp_path / "d" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(InputError, match="has 2 tables") as several:
        wvcli.load(tmp_path / "d")
    assert str(folder) in several.value.hint


def test_a_damaged_dataset_is_refused(tmp_path: Path) -> None:
    folder = save_dataset(tmp_path / "d")
    second = folder / "data-00001-of-00002.arrow"
    whole = second.read_bytes()
    second.write_bytes(whole[:200])
    with pytest.raises(InputError, match="d is damaged"):
        wvcli.load(folder)
    table = pa.table({"word": ["x"], "vector": [[1]]})
    with pa.OSFile(str(second), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as file:
        file.write_table(table)
    with pytest.raises(InputError, match="has other columns than"):
        wvcli.load(folder)
    for state in ("[]", "{}", '{"_data_files": [{"filename": "../x"}]}', "{"):
        (folder / "state.json").write_text(state)
        with pytest.raises(InputError, match=r"state\.json is damaged"):
            wvcli.load(folder)
