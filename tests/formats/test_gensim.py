"""Gensim's own files: those of real Gensims, old and new, and what Gensim opens; hostile ones run nothing."""

import json
import pickletools
import subprocess
import sys
import textwrap
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import gensim.test.utils
import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import FastTextKeyedVectors

import wvcli.formats.gensim
from tests.conftest import Run
from tests.formats.gensim_files.make import OUTSIDE, TEXTS
from tests.killing import kills
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import Writing
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

FILES = Path(__file__).parent / "gensim_files"
WHEEL = Path(gensim.test.utils.datapath(""))
GENSIM = formats.registry.get("gensim")


def read(path: Path, limit: int | None = None) -> Vectors:
    assert GENSIM.read
    return GENSIM.read(path, limit)


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path.parent) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value


def random_vectors(words: int, dim: int, counts: bool = True) -> Vectors:
    rng = np.random.default_rng(words)
    known = np.sort(rng.integers(1, 9_000, words))[::-1].astype(np.int64) if counts else None
    matrix = rng.normal(0, 1, (words, dim)).astype(np.float32)
    return Vectors(Vocabulary.from_words([f"word {index} 猫" for index in range(words)]), matrix, known)


@pytest.mark.parametrize("kind", ["word2vec.model", "tree.kv", "fasttext.model", "fasttext.kv"])
@pytest.mark.parametrize("version", ["3.8.3", "4.1.2", "4.3.3"])
def test_files_of_older_gensims_answer_as_there(version: str, kind: str) -> None:
    answers = json.loads((FILES / f"{version}.json").read_text(encoding="utf-8"))[kind.split(".")[0]]
    found = formats.read(FILES / f"{version}.{kind}")
    assert list(found) == answers["words"]
    assert found.counts is not None
    assert found.counts.tolist() == answers["counts"]
    for word in answers["words"]:
        assert found[word].tolist() == answers["vectors"][word]
    for word in set(answers["vectors"]) - set(answers["words"]):
        np.testing.assert_allclose(found[word], answers["vectors"][word], rtol=1e-6, atol=1e-8)
    assert (found.subwords is not None) == kind.startswith("fasttext")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("sep_limit", [10, 10**9])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("kind", [Word2Vec, FastText])
def test_what_gensim_saves_is_read_to_the_last_bit(
    tmp_path: Path, kind: Any, whole: bool, sep_limit: int, protocol: int
) -> None:
    options = {"bucket": 50, "max_n": 4} if kind is FastText else {"negative": 3}
    model = kind(TEXTS, min_count=1, vector_size=5, epochs=1, workers=1, **options)
    (model if whole else model.wv).save(str(tmp_path / "saved"), sep_limit=sep_limit, pickle_protocol=protocol)
    found = formats.read(tmp_path / "saved")
    assert list(found) == model.wv.index_to_key
    assert found.matrix.tobytes() == model.wv.vectors.tobytes()
    assert found.counts is not None
    assert found.counts.tolist() == [model.wv.get_vecattr(word, "count") for word in found]
    limited = read(tmp_path / "saved", 3)
    assert list(limited) == list(found)[:3]
    assert limited.matrix.tobytes() == found.matrix[:3].tobytes()
    if kind is FastText:
        for word in [*OUTSIDE, "a", "naïveté"]:
            assert found[word].tobytes() == model.wv[word].tobytes()
        assert found.weights
        assert found.weights.words is not None
        assert found.weights.words.tobytes() == model.wv.vectors_vocab.tobytes()


def test_reading_needs_neither_gensim_nor_pickle() -> None:
    program = f"""
        import sys
        from pathlib import Path
        from wvcli import formats
        before = set(sys.modules)
        formats.read(Path({str(FILES / "4.3.3.fasttext.model")!r}))
        new = {{name.split(".")[0] for name in set(sys.modules) - before}}
        assert not new & {{"gensim", "scipy", "pickle", "copyreg"}}, new
        assert "gensim" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=120)


@pytest.mark.parametrize("counts", [True, False])
def test_gensim_opens_what_is_written(tmp_path: Path, counts: bool) -> None:
    vectors = random_vectors(2_500, 12, counts)
    path = tmp_path / "model.kv"
    assert formats.write(vectors, path) == []
    loaded = KeyedVectors.load(str(path), mmap="r")
    assert type(loaded) is KeyedVectors
    assert loaded.index_to_key == list(vectors)
    assert loaded.vectors.tobytes() == vectors.matrix.tobytes()
    assert all(loaded.key_to_index[word] == row for row, word in enumerate(vectors))
    assert ("count" in loaded.expandos) == counts
    if vectors.counts is not None:
        assert loaded.get_vecattr("word 7 猫", "count") == vectors.counts[7]
    theirs, ours = loaded.most_similar("word 3 猫"), vectors.most_similar("word 3 猫")
    assert [word for word, _ in theirs] == [word for word, _ in ours]
    loaded.add_vectors(["another"], np.ones((1, 12), np.float32))
    loaded.save(str(tmp_path / "again.kv"))
    again = read(tmp_path / "again.kv")
    assert list(again) == [*vectors, "another"]
    assert again.counts is None  # Gensim does not know that of the new word


def test_a_large_matrix_lies_beside_the_file_and_is_mapped(tmp_path: Path) -> None:
    vectors = random_vectors(10_500, 1_000)
    path = tmp_path / "model.kv"
    formats.write(vectors, path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.kv", "model.kv.vectors.npy"]
    assert path.stat().st_size < 1e6
    loaded = KeyedVectors.load(str(path), mmap="r")
    assert isinstance(loaded.vectors, np.memmap)
    assert loaded.vectors.tobytes() == vectors.matrix.tobytes()
    found = read(path)
    assert not found.matrix.flags.owndata
    assert found.matrix.tobytes() == vectors.matrix.tobytes()
    (tmp_path / "model.kv.vectors.npy").unlink()
    assert "cannot read" in refusal(path).message
    np.save(tmp_path / "model.kv.vectors.npy", vectors.matrix[1:])
    assert "10499 vectors for 10500 words" in refusal(path).message


def test_a_kill_leaves_the_old_vectors_or_the_new_with_their_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wvcli.formats.gensim, "_BESIDE", 10)
    old, new = random_vectors(20, 6), random_vectors(21, 6)
    path = tmp_path / "model.kv"
    formats.write(old, path)
    found = set()
    for _ in kills(lambda: formats.write(new, path, overwrite=True)):
        loaded = KeyedVectors.load(str(path), mmap="r")
        whole = {tuple(each): each.matrix.tobytes() for each in (old, new)}
        assert whole[tuple(loaded.index_to_key)] == loaded.vectors.tobytes()
        found.add(len(loaded))
        formats.write(old, path, overwrite=True)
    assert found == {20, 21}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.kv", "model.kv.vectors.npy"]


def test_no_file_beside_it_is_left_that_it_does_not_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.kv"
    mine = tmp_path / "model.kv.mine.npy"
    mine.write_bytes(b"mine")
    with monkeypatch.context() as patch:
        patch.setattr(wvcli.formats.gensim, "_BESIDE", 10)
        formats.write(random_vectors(20, 6), path)
    formats.write(random_vectors(20, 6), path, overwrite=True)
    assert sorted(tmp_path.iterdir()) == [path, mine]
    beside = tmp_path / "model.kv.vectors.npy"
    np.save(beside, np.zeros((2, 2), np.float32))
    path.unlink()
    monkeypatch.setattr(wvcli.formats.gensim, "_BESIDE", 10)
    formats.write(random_vectors(20, 6), path)
    assert len(KeyedVectors.load(str(path), mmap="r").vectors) == 20


@pytest.fixture
def fasttext() -> Vectors:
    model = FastText(TEXTS, min_count=1, vector_size=5, epochs=1, workers=1, bucket=50, min_n=2, max_n=4)
    return Vectors(
        Vocabulary.from_words(model.wv.index_to_key),
        model.wv.vectors,
        None,
        Subwords(model.wv.vectors_ngrams, 2, 4),
    )


def test_a_fasttext_model_keeps_its_subwords_in_gensim(fasttext: Vectors, tmp_path: Path) -> None:
    path = tmp_path / "model.kv"
    formats.write(fasttext, path)
    loaded = KeyedVectors.load(str(path), mmap="r")
    assert type(loaded) is FastTextKeyedVectors
    for word in [*fasttext, *OUTSIDE, "naïveté"]:
        assert loaded[word].tobytes() == fasttext[word].tobytes()
    # The words' own vectors make the same composed ones again, to rounding.
    loaded.adjust_vectors()
    np.testing.assert_allclose(loaded.vectors, fasttext.matrix, rtol=1e-4, atol=1e-6)
    loaded.save(str(tmp_path / "again.kv"))
    np.testing.assert_allclose(read(tmp_path / "again.kv").matrix, fasttext.matrix, rtol=1e-4, atol=1e-6)


def test_what_is_written_is_a_whole_pickle(fasttext: Vectors, tmp_path: Path) -> None:
    long = Vectors(Vocabulary.from_words(["x" * 300, "", "b"]), np.eye(3, dtype=np.float32))
    for vectors in (long, fasttext, random_vectors(2_001, 3)):
        formats.write(vectors, tmp_path / "model.kv", overwrite=True)
        pickletools.dis((tmp_path / "model.kv").read_bytes(), out=StringIO())  # checks the stack as it goes
        assert list(read(tmp_path / "model.kv")) == list(vectors)


def test_counts_that_gensim_made_up_are_unknown(tmp_path: Path) -> None:
    text = "".join(f"word{index} {index}.5\n" for index in range(40))
    (tmp_path / "vectors.txt").write_text("40 1\n" + text)
    loaded = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors.txt"))
    assert loaded.get_vecattr("word0", "count") == 40
    loaded.save(str(tmp_path / "model.kv"))
    assert read(tmp_path / "model.kv").counts is None


def test_a_models_counts_and_subwords_go_there_and_back(
    run: Run, fasttext_model: Path, word2vec_model: Path, tmp_path: Path
) -> None:
    for model, word in ((word2vec_model, "cat"), (fasttext_model, "catty")):
        assert run("export", "model.kv", "-m", model, "--force").err.count("\n") == 1
        for command in (["similar", word, "-n", 3], ["vocab", "-n", 5], ["vector", word]):
            assert run(*command, "-m", "model.kv").rows == run(*command, "-m", model).rows
    assert sorted(path.name for path in tmp_path.glob("*.kv*")) == ["model.kv"]


@pytest.mark.parametrize(
    ("file", "words"),
    [("model-from-gensim-3.8.0.w2v", 1750), ("word2vec_3.3", 2), ("old_keyedvectors_320.dat", 1750)],
)
def test_older_files_that_gensim_ships_are_read(file: str, words: int) -> None:
    if not (WHEEL / file).exists():
        pytest.skip("this Gensim was installed without its test data")
    found = formats.read(WHEEL / file)
    loaded = KeyedVectors.load(str(WHEEL / file))
    loaded = getattr(loaded, "wv", loaded)
    assert list(found) == loaded.index_to_key
    assert found.matrix.tobytes() == loaded.vectors.tobytes()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("doc2vec_old", "gensim.models.doc2vec.Doc2Vec"),
        ("phrases-3.6.0.model", "gensim.models.phrases.Phrases"),
        ("lda_3_0_1_model", "gensim.models.ldamodel.LdaModel"),
        ("lee_fasttext", "gensim.models.wrappers.fasttext.FastText"),
        ("compatible-hash-true.model", "before 3.8"),
        ("word2vec_pre_kv_py2", "before 1.0"),
        ("ensemblelda", "gensim.models.ensemblelda.EnsembleLda"),
    ],
)
def test_other_models_are_refused_by_name(file: str, message: str) -> None:
    if not (WHEEL / file).exists():
        pytest.skip("this Gensim was installed without its test data")
    assert message in refusal(WHEEL / file).message


TEXT_OF = "touch pwned"
HOSTILE = [
    "os.system",
    "posix.system",
    "nt.system",
    "os.popen",
    "subprocess.Popen",
    "subprocess.check_output",
    "builtins.eval",
    "__builtin__.eval",
    "builtins.exec",
    "builtins.compile",
    "builtins.getattr",
    "builtins.open",
    "builtins.__import__",
    "builtins.setattr",
    "builtins.globals",
    "functools.partial",
    "functools.reduce",
    "operator.attrgetter",
    "operator.methodcaller",
    "importlib.import_module",
    "types.CodeType",
    "types.FunctionType",
    "copyreg._reconstructor",
    "copy_reg._reconstructor",
    "copyreg.__newobj__",
    "pickle.loads",
    "runpy.run_path",
    "webbrowser.open",
    "pty.spawn",
    "shutil.rmtree",
    "pathlib.Path.unlink",
    "code.interact",
    "pdb.run",
    "timeit.timeit",
    "numpy.load",
    "numpy.fromfile",
    "numpy.memmap",
    "numpy.testing._private.utils.runstring",
    "numpy.core.os.system",
    "numpy.f2py.crackfortran.myeval",
    "numpy.dtype.__init__",
    "numpy.core.multiarray._reconstruct.__call__",
    "gensim.utils.unpickle",
    "gensim.utils.check_output",
    "gensim.utils.open",
    "gensim.utils.SaveLoad.load",
    "gensim.models.keyedvectors.KeyedVectors.load",
    "gensim.models.keyedvectors.utils.check_output",
    "gensim.models.word2vec.Word2Vec.__init__",
    "gensim.downloader.load",
    "smart_open.open",
    "scipy.sparse.csr_matrix",
    "wvcli.cli.main",
    "__main__.Evil",
]


def text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def call(name: str, protocol: int, split: int = 1) -> bytes:
    """The instructions that call a function with a shell command."""
    module, attribute = name.rsplit(".", split)[0], ".".join(name.rsplit(".", split)[1:])
    named = f"c{module}\n{attribute}\n".encode() if protocol < 4 else text(module) + text(attribute) + b"\x93"
    return named + text(TEXT_OF) + b"\x85R"


def vectors_with(payload: bytes) -> bytes:
    """A KeyedVectors one of whose attributes is made by the instructions given."""
    return b"\x80\x04cgensim.models.keyedvectors\nKeyedVectors\n)\x81}(" + text("norms") + payload + b"ub."


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.kv"
    for split in (1, 2) if name.count(".") > 1 else (1,):
        for protocol in (2, 4):
            payload = call(name, protocol, split)
            for data in (b"\x80\x04" + payload + b".", vectors_with(payload), b"\x80\x02(" + payload + b"l."):
                path.write_bytes(data)
                with pytest.raises(InputError) as caught:
                    formats.read(path)
                assert f"contains {name}, which does not belong" in caught.value.message
                assert "nothing was run" in caught.value.hint or name.startswith("gensim.")
    assert [file.name for file in tmp_path.iterdir()] == ["model.kv"]


@pytest.mark.parametrize(
    "payload",
    [
        b"(ios\nsystem\n",  # INST
        b"(cos\nsystem\n" + text(TEXT_OF) + b"o",  # OBJ
        b"\x82\x01",  # EXT1: a number of copyreg's registry
        b"Pevil\n",  # PERSID
        text("evil") + b"Q",  # BINPERSID
        b"\x97",  # NEXT_BUFFER
        b"cbuiltins\nhash\n" + text("x") + b"\x85R}(" + text("__setstate__") + b"cos\nsystem\nub",
        b"cgensim.utils\ncall_on_class_only\n}("
        + text("__call__")
        + text("x")
        + b"ub",  # attributes of a function
        b"cgensim.models.word2vec\nWord2Vec\n}(" + text("a") + text("x") + b"ub",  # attributes of a class
        b"cnumpy\ndtype\n" + text("O8") + b"\x85R" + text("x") + b"\x85R",  # a call of what is not a name
        text("x") + text("y") + b"\x93",  # a name that is not admitted
        b"]}" + b"\x93",  # a name that is not text
        b"c_codecs\nencode\n" + text("x") + text("rot13") + b"\x86R",  # a codec that is imported by name
        b"N" + b"r\xff\xff\xff\x7f" + b"j\x00\x00\x00\x00",  # places in memory that were never filled
    ],
)
def test_tricks_with_instructions_are_refused(payload: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.kv"
    for data in (vectors_with(payload), b"\x80\x02" + payload + b"."):
        path.write_bytes(data)
        refusal(path)


def test_what_hostile_files_lead_to_is_seen_by_no_audit_hook(tmp_path: Path) -> None:
    files = []
    for index, name in enumerate(HOSTILE):
        files.append(tmp_path / f"{index}.kv")
        files[-1].write_bytes(vectors_with(call(name, 4)))
    program = f"""
        import sys
        from pathlib import Path
        from wvcli import formats
        from wvcli.errors import InputError
        formats.read(Path({str(FILES / "4.3.3.word2vec.model")!r}))
        seen = []
        sys.addaudithook(lambda event, _: seen.append(event))
        for path in {[str(file) for file in files]!r}:
            try:
                formats.read(Path(path))
            except InputError:
                continue
            raise SystemExit(path)
        unwanted = {{"import", "exec", "compile", "os.system", "os.posix_spawn", "os.fork", "subprocess.Popen",
                     "pickle.find_class", "socket.connect", "os.remove", "shutil.rmtree"}}
        assert not unwanted & set(seen), unwanted & set(seen)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=120, cwd=tmp_path)
    assert not (tmp_path / "pwned").exists()


def test_an_object_put_into_a_file_by_gensim_itself_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return exec, (f"open({str(tmp_path / 'pwned')!r}, 'w')",)

    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2, dtype=np.float32))
    vectors.evil = Evil()
    vectors.save(str(tmp_path / "model.kv"))
    assert "builtins.exec" in refusal(tmp_path / "model.kv").message
    assert not (tmp_path / "pwned").exists()


def test_a_dtype_that_numpy_would_refuse_is_refused(tmp_path: Path) -> None:
    whole = Path(__file__).with_name("gensim_files").joinpath("4.3.3.tree.kv").read_bytes()
    assert b"(K\x03\x8c\x01<" in whole  # the version of its state, and its byte order
    (tmp_path / "model.kv").write_bytes(whole.replace(b"(K\x03\x8c\x01<", b"(K\x09\x8c\x01<"))
    assert "the state of a dtype" in refusal(tmp_path / "model.kv").message


@pytest.mark.parametrize(
    "claim",
    [
        b"r\xfe\xff\xff\x7f",
        b"\x8e" + b"\xff" * 7 + b"\x7f",
        b"B\xff\xff\xff\x7f",
        b"X\xff\xff\xff\xff",
        b"\x8a\xff",
    ],
)
def test_what_claims_too_much_takes_no_memory(claim: bytes, tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "model.kv"
    path.write_bytes(vectors_with(b"N" + claim))
    tracemalloc.start()
    refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def entries(**changes: Any) -> KeyedVectors:
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b", "c"], np.arange(6, dtype=np.float32).reshape(3, 2))
    vectors.__dict__.update(changes)
    return vectors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": np.zeros((2, 2), np.float32)}, "2 vectors for 3 words"),
        ({"vectors": np.zeros(6, np.float32)}, r"'vectors' is float32 \[6\]"),
        ({"vectors": np.zeros((3, 2), np.int32)}, "'vectors' is int32"),
        ({"vectors": np.array([[None] * 2] * 3)}, "'vectors'"),
        ({"vectors": None}, "but no vectors"),
        ({"index_to_key": [1, 2, 3]}, "word 1: '1' is not text"),
        ({"index_to_key": ["a", "b", None]}, "word 3: 'None' is not text"),
        ({"index_to_key": ["a", "b", "\ud800"]}, "not Unicode text"),
        ({"index_to_key": None}, "no words"),
        ({"expandos": {"count": np.zeros(3, np.float32)}}, "the counts are float32"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    entries(**changes).save(str(tmp_path / "model.kv"))
    with pytest.raises(InputError, match=message):
        read(tmp_path / "model.kv")


@pytest.mark.parametrize("dtype", ["<f2", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_other_kinds_and_orders_of_numbers_are_read(tmp_path: Path, dtype: str, order: Any) -> None:
    matrix: FloatArray = np.asarray(np.arange(6).reshape(3, 2), dtype=dtype, order=order)
    for sep_limit in (1, 10**9):
        entries(vectors=matrix).save(str(tmp_path / "model.kv"), sep_limit=sep_limit)
        found = read(tmp_path / "model.kv")
        assert found.matrix.dtype == np.float32
        assert found.matrix.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_files_broken_anywhere_are_refused_or_read(fasttext: Vectors, tmp_path: Path) -> None:
    assert GENSIM.write
    path = tmp_path / "model.kv"
    GENSIM.write(fasttext, path, Writing())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in range(0, len(whole), 11):
        path.write_bytes(whole[:place] + bytes([rng.integers(256)]) + whole[place + 1 :])
        with suppress(InputError):
            found = formats.read(path)
            assert len(list(found)) == len(found.matrix)


LEVELS = 40  # of what is shared: to write it out takes 2 ** 40 parts
SHARED = b")" + b"q\x00h\x00\x86" * LEVELS  # a tuple of twice the same tuple, and so on
DEEP = b")" + b"\x85" * 1_000_000
LISTS = b"]" * 200_000 + b"a" * 199_999


@pytest.mark.parametrize(
    "payload", [SHARED, DEEP, LISTS, b"}" * 1_000_000], ids=["shared", "deep", "lists", "many"]
)
def test_astronomic_structures_are_refused_before_they_are_hashed_or_shown(payload: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.kv"
    for data in (
        b"\x80\x04" + payload + b".",
        b"\x80\x04}" + payload + b"Ns.",  # as a key
        b"\x80\x04" + payload + text("x") + b"\x93.",  # as a name
        b"\x80\x04" + payload + b")R.",  # as what is called
        b"\x80\x04c_codecs\nencode\n" + text("x") + payload + b"\x86R.",  # as an encoding
        vectors_with(payload),
        vectors_with(b"N" + text("index_to_key") + b"]" + payload + b"a" + text("key_to_index") + b"}"),
    ):
        path.write_bytes(data)
        assert len(refusal(path).message) < 1_000


@pytest.mark.parametrize(
    "key", [b"]", b"}", b")\x85", b"c_codecs\nencode\n" + text("x") + text("latin1") + b"\x86R\x85\x85"]
)
def test_only_text_and_numbers_are_keys(key: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.kv").write_bytes(b"\x80\x04}" + key + b"Ns.")
    assert "the key of a dict is neither text nor a number" in refusal(tmp_path / "model.kv").message


def test_words_that_are_not_text_are_not_shown(tmp_path: Path) -> None:
    shared = b")" + b"q\x00h\x00\x86" * 10
    payload = b"N" + text("index_to_key") + b"]" + shared + b"a" + text("key_to_index") + b"}"
    (tmp_path / "model.kv").write_bytes(vectors_with(payload))
    assert refusal(tmp_path / "model.kv").message.endswith("word 1: a tuple is not text")


def test_the_name_of_what_is_refused_is_cut(tmp_path: Path) -> None:
    (tmp_path / "model.kv").write_bytes(b"\x80\x04c" + b"m" * 1_000_000 + b"\nname\n.")
    assert len(refusal(tmp_path / "model.kv").message) < 1_000
