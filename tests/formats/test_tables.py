"""Tables of words as their own programs see them: pyarrow, pandas' layout, DuckDB, SQLite, sqlite-vec and jq."""

import json
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import feather, parquet

from tests.clients import package, program
from tests.conftest import Run, peak_memory
from tests.formats.test_formats import ODD_WORDS, bits, random_vectors, refusal
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Reading, Writing, registry
from wvcli.system.encodings import Encoding
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = [*ODD_WORDS, "new york", "a\tb", "c\r\nd"]
ARROW_LAYOUTS = ["parquet", "arrow", "stream"]
READ_BY = {"parquet": "parquet", "arrow": "arrow", "stream": "arrow"}


def sample(counted: bool = True) -> Vectors:
    matrix = np.random.default_rng(5).normal(0, 1, (len(WORDS), 6)).astype(np.float32)
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64) * 10**11
    return Vectors(Vocabulary.from_words(WORDS), matrix, counts if counted else None)


def write_table(
    layout: str, table: pyarrow.Table, path: Path, chunk: int | None = None, compression: str | None = None
) -> None:
    """Write a table with pyarrow: as Parquet, as an Arrow file, or as a stream of Arrow's batches."""
    if layout == "parquet":
        parquet.write_table(table, path, row_group_size=chunk, compression=compression or "none")
    elif layout == "arrow":
        feather.write_feather(table, path, chunksize=chunk, compression=compression or "uncompressed")
    else:
        options = pyarrow.ipc.IpcWriteOptions(compression=compression)
        with (
            pyarrow.OSFile(str(path), "wb") as file,
            pyarrow.ipc.new_stream(file, table.schema, options=options) as sink,
        ):
            sink.write_table(table, chunk)


@pytest.mark.parametrize("counted", [True, False])
def test_pyarrow_reads_what_is_written(tmp_path: Path, counted: bool) -> None:
    whole = sample(counted)
    formats.write(whole, tmp_path / "words.parquet")
    formats.write(whole, tmp_path / "words.feather")
    tables = [parquet.read_table(tmp_path / "words.parquet"), feather.read_table(tmp_path / "words.feather")]
    with pyarrow.memory_map(str(tmp_path / "words.feather")) as source:
        tables.append(pyarrow.ipc.open_file(source).read_all())
    for table in tables:
        assert table.column_names == (["word", "count", "vector"] if counted else ["word", "vector"])
        assert table["word"].to_pylist() == WORDS
        assert table.schema.field("vector").type == pyarrow.list_(pyarrow.float32(), 6)
        numbers = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, 6)
        assert bits(numbers) == bits(whole.matrix)
        if whole.counts is not None:
            assert table["count"].to_pylist() == whole.counts.tolist()


@pytest.mark.parametrize("name", ARROW_LAYOUTS)
@pytest.mark.parametrize("number", [pyarrow.float32(), pyarrow.float64(), pyarrow.float16(), pyarrow.int32()])
@pytest.mark.parametrize("fixed", [True, False])
def test_what_pyarrow_writes_is_read(tmp_path: Path, name: str, number: pyarrow.DataType, fixed: bool) -> None:
    kind = pyarrow.list_(number, 2) if fixed else pyarrow.list_(number)
    rows = [[np.float16(1), np.float16(2)], [np.float16(3), np.float16(-4)]] * 500
    if number == pyarrow.int32():
        rows = [[int(item) for item in row] for row in rows]
    words = pyarrow.array([f"w{place}" for place in range(1000)]).dictionary_encode()
    columns = {"embedding": pyarrow.array(rows, kind), "id": pyarrow.array(range(1000)), "token": words}
    table = pyarrow.table(columns)
    write_table(name, table, tmp_path / "file", chunk=300, compression="zstd")
    found = formats.read(tmp_path / "file")
    assert list(found) == [f"w{place}" for place in range(1000)]
    assert found.matrix.tolist() == [[1, 2], [3, -4]] * 500
    assert found.counts is None
    assert len(formats.read(tmp_path / "file", limit=301)) == 301


def test_halves_are_written_as_halves_or_not_at_all(tmp_path: Path) -> None:
    whole = sample()
    for name in ("words.parquet", "words.arrow"):
        formats.write(whole, tmp_path / name, writing=Writing("float16"))
        assert (formats.read(tmp_path / name).matrix == whole.matrix.astype(np.float16)).all()
    kind = parquet.read_schema(tmp_path / "words.parquet").field("vector").type
    assert kind == pyarrow.list_(pyarrow.float16(), 6)
    whole.matrix[3, 2] = 1e6
    with pytest.raises(WvcliError, match="'-' has a number too large for float16"):
        formats.write(whole, tmp_path / "words.parquet", overwrite=True, writing=Writing("float16"))


@pytest.mark.parametrize("name", ARROW_LAYOUTS)
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"word": ["a", "b"]}, "expected a column word of strings and a column vector of lists of numbers"),
        ({"a": ["a"], "b": ["b"], "vector": [[1.0]]}, "found a (string), b (string), vector (list<"),
        ({"word": ["a"], "vector": [["x"]]}, "expected a column"),
        ({"word": ["a", None], "vector": [[1.0], [2.0]]}, "row 2: expected a word"),
        ({"word": ["a", "b"], "vector": [[1.0], None]}, "row 2: expected 1 numbers, found none"),
        ({"word": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, "row 2: expected 1 numbers, found 2"),
        (
            {"word": ["a"], "vector": [pyarrow.scalar([], pyarrow.list_(pyarrow.float32()))]},
            "row 1: expected a vec",
        ),
        ({"word": ["a"], "vector": [[1.0]], "count": [-1]}, "row 1: expected a count, found -1"),
    ],
)
def test_tables_of_other_things_are_refused(tmp_path: Path, name: str, columns: dict, message: str) -> None:
    table = pyarrow.table({key: pyarrow.array(values) for key, values in columns.items()})
    write_table(name, table, tmp_path / "file")
    assert message in refusal(registry.get(READ_BY[name]), tmp_path / "file")


@pytest.mark.parametrize("name", ARROW_LAYOUTS)
def test_a_table_without_rows_holds_no_words(tmp_path: Path, name: str) -> None:
    table = pyarrow.table(
        {"word": pyarrow.array([], "string"), "vector": pyarrow.array([], pyarrow.list_(pyarrow.float32(), 2))}
    )
    write_table(name, table, tmp_path / "file")
    assert "has no words" in refusal(registry.get(READ_BY[name]), tmp_path / "file")


@pytest.mark.parametrize("name", ARROW_LAYOUTS)
def test_a_missing_number_is_nan_and_a_word_again_is_dropped(tmp_path: Path, name: str) -> None:
    vectors = pyarrow.array([[1.0, None], [3.0, 4.0], [5.0, 6.0]], pyarrow.list_(pyarrow.float32(), 2))
    table = pyarrow.table({"word": ["a", "b", "a"], "vector": vectors, "count": [3, 2, 1]})
    write_table(name, table, tmp_path / "file")
    found = formats.read(tmp_path / "file")
    assert list(found) == ["a", "b"]
    assert bits(found.matrix) == bits(np.array([[1, np.nan], [3, 4]], np.float32))
    assert found.counts is not None
    assert found.counts.tolist() == [3, 2]


def test_a_stream_of_arrow_may_lack_its_end_but_no_part_of_a_batch(tmp_path: Path) -> None:
    table = pyarrow.table({"word": ["a", "b", "c"], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})
    path = tmp_path / "file"
    write_table("stream", table, path, chunk=2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])  # the mark of the end, which a program that is killed does not write
    assert list(formats.read(path)) == ["a", "b", "c"]
    path.write_bytes(whole[:-24])
    assert "is damaged" in refusal(registry.get("arrow"), path)


def test_any_byte_of_a_parquet_files_numbers_that_is_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "words.parquet"
    whole = random_vectors(400, 20)
    formats.write(whole, path)
    data = bytearray(path.read_bytes())
    place = data.index(whole.matrix[200].tobytes())
    data[place + 1] ^= 4
    path.write_bytes(data)
    assert "CRC" in refusal(registry.get("parquet"), path)


@pytest.mark.client
def test_duckdb_finds_the_same_neighbours(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    assert run("export", "words.parquet", "-m", word2vec_model).code == 0
    asked = f"""
        SELECT b.word, array_cosine_similarity(a.vector::FLOAT[24], b.vector::FLOAT[24]) AS similarity
        FROM '{tmp_path}/words.parquet' a, '{tmp_path}/words.parquet' b
        WHERE a.word = 'cat' AND b.word <> 'cat' ORDER BY similarity DESC LIMIT 5
    """
    duckdb = package("duckdb")
    neighbours = duckdb.sql(asked).fetchall()
    expected = run("similar", "cat", "-n", 5, "-m", word2vec_model).rows
    assert [word for word, _ in neighbours] == [row[1] for row in expected]
    assert [score for _, score in neighbours] == pytest.approx([float(row[2]) for row in expected], abs=1e-5)
    [[words, most]] = duckdb.sql(f"SELECT count(*), max(count) FROM '{tmp_path}/words.parquet'").fetchall()
    vocabulary = run("vocab", "-m", word2vec_model).rows
    assert (words, most) == (len(vocabulary), int(vocabulary[0][1]))


@pytest.mark.client
def test_duckdb_reads_halves(tmp_path: Path) -> None:
    whole = sample()
    formats.write(whole, tmp_path / "words.parquet", writing=Writing("float16"))
    [[numbers]] = package("duckdb").sql(f"SELECT vector FROM '{tmp_path}/words.parquet' LIMIT 1").fetchall()
    assert list(numbers) == whole.matrix[0].astype(np.float16).tolist()


@pytest.mark.parametrize("counted", [True, False])
def test_sqlite_reads_what_is_written(tmp_path: Path, counted: bool) -> None:
    whole = sample(counted)
    formats.write(whole, tmp_path / "words.db")
    database = sqlite3.connect(tmp_path / "words.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = database.execute("SELECT id, word, count, vector FROM words ORDER BY id").fetchall()
    plan = database.execute("EXPLAIN QUERY PLAN SELECT vector FROM words WHERE word = 'the'").fetchall()
    database.close()
    assert [row[0] for row in rows] == list(range(len(WORDS)))
    assert [row[1] for row in rows] == WORDS
    assert [row[2] for row in rows] == ([None] * len(WORDS) if whole.counts is None else whole.counts.tolist())
    assert b"".join(row[3] for row in rows) == whole.matrix.astype("<f4").tobytes()
    assert "INDEX words_word" in plan[0][3]


@pytest.mark.client
def test_sqlite_vec_finds_the_same_neighbours(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    assert run("export", "words.sqlite", "-m", word2vec_model).code == 0
    database = package("apsw").Connection(str(tmp_path / "words.sqlite"))
    database.enable_load_extension(True)
    database.load_extension(package("sqlite_vec").loadable_path())
    expected = [row[1] for row in run("similar", "cat", "-n", 5, "-m", word2vec_model).rows]
    nearest = """
        SELECT b.word FROM words a, words b WHERE a.word = 'cat' AND b.word <> 'cat'
        ORDER BY vec_distance_cosine(a.vector, b.vector) LIMIT 5
    """
    assert [word for (word,) in database.execute(nearest)] == expected
    database.execute("CREATE VIRTUAL TABLE near USING vec0(vector float[24] distance_metric=cosine)")
    database.execute("INSERT INTO near (rowid, vector) SELECT id, vector FROM words")
    indexed = """
        SELECT word FROM near JOIN words ON words.id = near.rowid
        WHERE near.vector MATCH (SELECT vector FROM words WHERE word = 'cat') AND k = 6 ORDER BY distance
    """
    assert [word for (word,) in database.execute(indexed)] == ["cat", *expected]
    database.close()


def make_database(path: Path, *statements: str) -> Path:
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path


def test_a_database_with_more_in_it_is_read_in_the_order_of_ids(tmp_path: Path) -> None:
    found = formats.read(
        make_database(
            tmp_path / "odd name?#%41",
            "CREATE TABLE other (a)",
            "CREATE TABLE Words (note, Vector BLOB, id INTEGER PRIMARY KEY, WORD)",
            "INSERT INTO words VALUES (1, x'0000803f00000040', 7, 'late'), (2, x'0000404000008040', -3, 'early')",
        )
    )
    assert list(found) == ["early", "late"]
    assert found.matrix.tolist() == [[3, 4], [1, 2]]
    assert found.counts is None
    assert [file.name for file in tmp_path.iterdir()] == ["odd name?#%41"]


TABLE = "CREATE TABLE words (word, count, vector)"


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["CREATE TABLE other (a)"], "has no vectors; expected a table words"),
        (["CREATE TABLE words (word, count)"], "the table words lacks a column"),
        ([TABLE], "the table words is empty"),
        ([TABLE, "INSERT INTO words VALUES ('a', 1, '[1,2,3]x')"], "id 1: expected a BLOB of float32 numbers"),
        ([TABLE, "INSERT INTO words VALUES ('a', 1, x'00000000000000')"], "id 1: expected a BLOB of float32"),
        ([TABLE, "INSERT INTO words VALUES (7, 1, x'00000000')"], "id 1: expected a word as TEXT"),
        (
            [TABLE, "INSERT INTO words VALUES (CAST(x'61ff' AS TEXT), 1, x'00000000')"],
            "id 1: the word is not UTF-8",
        ),
        ([TABLE, "INSERT INTO words VALUES ('a', 1.5, x'00000000')"], "id 1: expected a count, found 1.5"),
        (
            [TABLE, "INSERT INTO words VALUES ('a', 1, x'00000000'), ('b', 1, x'0000000000000000')"],
            "id 2: expected 1 numbers, found 2",
        ),
        (["CREATE VIEW words AS SELECT 'a' AS word, x'00000000' AS vector"], "has no vectors"),
        (["CREATE VIRTUAL TABLE words USING fts5(word, vector)"], "has no vectors"),
    ],
)
def test_databases_of_other_things_are_refused(tmp_path: Path, statements: list[str], message: str) -> None:
    assert message in refusal(registry.get("sqlite"), make_database(tmp_path / "file", *statements))


def jq(query: str, path: Path, *options: str) -> list:
    command = [program("jq"), "-c", *options, query, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


@pytest.mark.client
def test_jq_reads_what_is_written_and_the_other_way_round(tmp_path: Path) -> None:
    whole = sample()
    formats.write(whole, tmp_path / "words.jsonl")
    assert jq(".word", tmp_path / "words.jsonl") == WORDS
    assert jq(".count", tmp_path / "words.jsonl") == whole.counts.tolist()  # type: ignore[union-attr]
    assert bits(np.array(jq(".vector", tmp_path / "words.jsonl"), np.float32)) == bits(whole.matrix)
    assert jq("keys_unsorted", tmp_path / "words.jsonl")[0] == ["word", "count", "vector"]
    (tmp_path / "again").write_text(
        "".join(json.dumps(row) + "\n" for row in jq(".", tmp_path / "words.jsonl", "-S"))
    )
    found = formats.read(tmp_path / "again")
    assert list(found) == WORDS
    assert bits(found.matrix) == bits(whole.matrix)
    assert found.counts is not None
    assert found.counts.tolist() == whole.counts.tolist()  # type: ignore[union-attr]


@pytest.mark.client
def test_what_is_not_finite_goes_through_jq(tmp_path: Path) -> None:
    matrix = np.array([[np.nan, np.inf], [-np.inf, 3e38]], np.float32)
    formats.write(Vectors(Vocabulary.from_words(["nan", "inf"]), matrix), tmp_path / "words.jsonl")
    lines = (tmp_path / "words.jsonl").read_text().splitlines()
    strict = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [row["word"] for row in strict] == ["nan", "inf"]
    assert strict[0]["vector"][0] is None
    (tmp_path / "again").write_text("".join(json.dumps(row) + "\n" for row in jq(".", tmp_path / "words.jsonl")))
    assert bits(formats.read(tmp_path / "again").matrix) == bits(matrix)
    (tmp_path / "loose").write_text('{"word": "a", "vector": [NaN, Infinity, -Infinity, 1, 1e60]}')
    loose = np.array([[np.nan, np.inf, -np.inf, 1, np.inf]], np.float32)
    assert bits(formats.read(tmp_path / "loose").matrix) == bits(loose)


def test_what_the_program_prints_can_be_read(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    printed = run("vector", "cat", "dog", "--format", "jsonl", "-m", word2vec_model).out
    (tmp_path / "some").write_text("\ufeff\n\n" + printed + "\r\n", encoding="utf-8")
    assert run("similar", "cat", "-m", "some").rows[0][:2] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"word": "a", "vector": [1]}\n{"word": "b", "vector": [1, 2]}', "line 2: expected 1 numbers, found 2"),
        ('{"word": "a", "vector": [1]}\n\n{"word": "b"}', 'line 3: expected {"word": TEXT, "vector"'),
        ('{"word": "a", "vector": [1]}\n{"word": "b", "vector": [1}', "line 2, character 27: not JSON"),
        ('{"word": "a", "vector": [1]}\n[1]', 'line 2: expected {"word": TEXT'),
        ('{"word": "a", "vector": []}', "line 1: the vector is not a list of numbers"),
        ('{"word": "a", "vector": [true]}', "line 1: the vector is not a list of numbers"),
        ('{"word": "a", "vector": ["1"]}', "line 1: the vector is not a list of numbers"),
        ('{"word": "a", "vector": {"0": 1}}', "line 1: the vector is not a list of numbers"),
        ('{"word": 1, "vector": [1]}', 'line 1: expected {"word": TEXT'),
        ('{"word": "\\ud800", "vector": [1]}', 'line 1: expected {"word": TEXT'),
        ('{"word": "a", "vector": [1], "count": 1.5}', "line 1: expected a count, found 1.5"),
        ('{"word": "a", "vector": [1], "count": -1}', "line 1: expected a count, found -1"),
        ('{"word": "a", "vector": [1], "count": true}', "line 1: expected a count, found True"),
        ('{"word": "a", "vector": [%s]}' % ("9" * 400), "line 1: a number is too large"),
        ('{"word": "a", "vector": [%s]}' % ("9" * 9000), "line 1"),
        ('{"word": "a", "vector": %s' % ("[" * 100_000), "line 1"),
        ("\n\n", 'line 1: expected {"word": TEXT'),
    ],
)
def test_lines_of_other_things_are_refused(tmp_path: Path, lines: str, message: str) -> None:
    (tmp_path / "file").write_text(lines)
    assert message in refusal(registry.get("jsonl"), tmp_path / "file")


def test_lines_in_another_order_and_with_more_in_them_are_read(tmp_path: Path) -> None:
    lines = ['{"id": 1, "vector": [1, 2.5], "word": "a", "count": 5}', '{"word": "b", "vector": [3, 4]}', ""]
    (tmp_path / "file").write_text("\n".join([*lines, lines[0]]))
    found = formats.read(tmp_path / "file")
    assert list(found) == ["a", "b"]
    assert found.matrix.tolist() == [[1, 2.5], [3, 4]]
    assert found.counts is None  # unknown for one of them


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_a_file_is_written_in_little_memory(tmp_path: Path, name: str) -> None:
    program = """
import sys
from pathlib import Path
import numpy as np
from wvcli import formats
from wvcli.formats import Writing
from wvcli.vectors.word_vectors import Vectors
from wvcli.vectors.vocabulary import Vocabulary
class Lazy:  # 192 MB
    dtype, ndim = np.dtype(np.float32), 2
    shape = 240_000, 200
    def __len__(self):
        return self.shape[0]
    def __getitem__(self, rows):
        start, stop, _ = rows.indices(len(self))
        return np.full((stop - start, 200), 0.5, np.float32)
words = Vocabulary.from_words([f"word{place}" for place in range(240_000)])
member = formats.registry.get(sys.argv[1])
member.write(Vectors(words, Lazy()), Path(sys.argv[2]), Writing())
"""
    idle = peak_memory("import pyarrow.parquet, wvcli.formats")
    assert peak_memory(program, name, tmp_path / "file") - idle < 160e6
    found = formats.read(tmp_path / "file", limit=2)
    assert found.matrix.tolist() == [[0.5] * 200] * 2


def test_without_pyarrow_the_line_that_installs_it_is_told(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "pyarrow.py").write_text("raise ImportError")
    settings = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("words.parquet", "words.feather"):
        done = run("export", name, "-m", word2vec_model, env=settings)
        assert done.code == 5
        assert 'pip install "wvcli[parquet]"' in done.err
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".py") == []


def test_lines_after_the_limit_do_not_matter(tmp_path: Path) -> None:
    lines = ['{"word": "a", "vector": [1, 2]}'] * 2 + ['{"word": "b", "vector": [3, 4]}', '{"word": "c"']
    (tmp_path / "file").write_text("\n".join(lines))
    notes: list[str] = []
    found = formats.read(tmp_path / "file", "jsonl", limit=2, on_note=notes.append)
    assert (list(found), len(notes)) == (["a", "b"], 1)
    with pytest.raises(InputError, match="line 4"):
        formats.read(tmp_path / "file", "jsonl", limit=3)


def test_json_lines_that_cannot_be_read_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = [
        b'{"word": "a", "vector": [1, 2]}',
        b'{"word": "\xe9", "vector": [3, 4]}',
        b"{",
        b'{"word": "b", "vector": [5]}',
    ]
    (tmp_path / "file").write_bytes(b"\n".join(lines))
    notes: list[str] = []
    found = formats.read(
        tmp_path / "file", on_note=notes.append, reading=Reading(Encoding.of("latin-1", "strict"), True)
    )
    assert (list(found), found.matrix.tolist()) == (["a", "é"], [[1, 2], [3, 4]])
    assert notes == [f"2 lines of {tmp_path / 'file'} cannot be read and were left out, the first of them line 3"]
