"""`wvcli info` and `wvcli models`, and which model a command takes, as typed."""

import gzip
import json
import os
import shutil
from pathlib import Path

import gensim.utils
import pytest
from gensim.models import FastText, Word2Vec
from gensim.models.fasttext import save_facebook_model

from tests.conftest import Run

KEYS = [
    *("path", "format_version", "algorithm", "words", "dim", "settings", "tokenizer", "engine"),
    *("coverage", "history", "corpus", "versions", "checksum", "updatable"),
]


def test_info_is_one_object(run: Run, word2vec_model: Path) -> None:
    facts = json.loads(run("info", word2vec_model).out)
    assert list(facts) == KEYS
    assert facts["algorithm"] == "word2vec"
    assert facts["dim"] == 24
    assert len(facts["corpus"]["sha256"]) == 64
    assert json.loads(run("info", word2vec_model, "--format", "jsonl").out) == facts
    rows = dict(run("info", word2vec_model, "--format", "tsv").rows)
    assert rows["settings.dim"] == "24"


def test_verify_finds_a_flipped_bit(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    assert run("info", word2vec_model, "--verify").code == 0
    content = bytearray(word2vec_model.read_bytes())
    content[-1] ^= 1
    (tmp_path / "flipped.safetensors").write_bytes(content)
    result = run("info", "flipped.safetensors", "--verify")
    assert result.code == 3
    assert "checksum" in result.err
    assert result.out == ""


def test_info_of_a_foreign_file(run: Run, word2vec_model: Path) -> None:
    assert run("export", "model.bin", "-m", word2vec_model).code == 0
    facts = json.loads(run("info", "model.bin").out)
    assert facts["words"] > 0
    assert facts["settings"] is None
    assert run("info", "model.bin", "--verify").code == 2


def test_models_lists_the_newest_first_and_queries_use_it(
    run: Run, word2vec_model: Path, fasttext_model: Path, tmp_path: Path
) -> None:
    assert run("models").out == ""
    for age, (name, model) in enumerate([("new", fasttext_model), ("old", word2vec_model)]):
        copied = Path(shutil.copy(model, tmp_path / f"{name}.safetensors"))
        os.utime(copied, (1_700_000_000 - age, 1_700_000_000 - age))
    (tmp_path / "foreign.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    result = run("models")
    assert [row[:2] for row in result.rows] == [["new.safetensors", "fasttext"], ["old.safetensors", "word2vec"]]
    assert run("similar", "cat").out == run("similar", "cat", "-m", "new.safetensors").out


def test_without_a_model_the_way_to_one_is_told(run: Run) -> None:
    result = run("similar", "cat")
    assert result.code == 3
    assert "train one with wvcli train FILE, or name one with --model FILE" in result.err


@pytest.mark.parametrize("command", [["similar", "cat"], ["vector", "cat"], ["info"], ["export", "x.bin"]])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.safetensors", None),
        ("empty.safetensors", b""),
        ("text.safetensors", b"the cat and the dog " * 100),
        ("plain.safetensors", b"\x02\0\0\0\0\0\0\0{}"),
        ("unknown.dat", b"the cat and the dog\nsat\n" * 100),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(
    run: Run, tmp_path: Path, command: list[str], name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run(*command, "-m", name)
    assert result.code == 3
    assert name in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["trap.model", "trap.kv", "trap.bin", "trap.safetensors"])
def test_a_pickle_is_refused_and_never_executed(run: Run, tmp_path: Path, name: str) -> None:
    """Gensim's `load` runs whatever a file tells it to."""
    made = tmp_path / "made"
    (tmp_path / name).write_bytes(f"cbuiltins\nopen\n(V{made}\nVw\ntR.".encode())  # open(made, "w")
    gensim.utils.unpickle(str(tmp_path / name)).close()
    assert made.exists()
    made.unlink()
    for command in (["similar", "cat", "-m", name], ["train", "-", "-o", "x.safetensors", "--init", name]):
        result = run(*command, stdin="the cat and the dog\n")
        assert result.code == 3
        assert name in result.err
        assert len(result.err.splitlines()) == 1
    assert not made.exists()


def test_gensims_and_fasttexts_own_model_files_answer_as_there(run: Run, tmp_path: Path) -> None:
    texts = [["the", "cat", "and", "the", "dog"]] * 5
    word2vec = Word2Vec(texts, vector_size=4, min_count=1, epochs=1)
    fasttext = FastText(texts, vector_size=4, min_count=1, epochs=1, bucket=20)
    word2vec.save(str(tmp_path / "word2vec.model"))
    word2vec.wv.save(str(tmp_path / "word2vec.kv"))
    fasttext.save(str(tmp_path / "fasttext.model"))
    fasttext.wv.save(str(tmp_path / "fasttext.kv"))
    save_facebook_model(fasttext, str(tmp_path / "facebook.bin"))
    for file in sorted(tmp_path.iterdir()):
        found = run("similar", "cat", "-m", file.name)
        asked = word2vec if file.name.startswith("word2vec") else fasttext
        assert [row[1] for row in found.rows] == [word for word, _ in asked.wv.most_similar("cat")]
        assert found.code == 0
    packed = gzip.compress((tmp_path / "facebook.bin").read_bytes())
    (tmp_path / "facebook.bin.gz").write_bytes(packed)
    plain, unpacked = (run("similar", "cat", "-m", name) for name in ("facebook.bin", "facebook.bin.gz"))
    assert (unpacked.code, unpacked.out) == (0, plain.out)


def test_a_truncated_model_is_refused_in_one_line(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(word2vec_model.read_bytes()[:-10])
    result = run("similar", "cat", "-m", "cut.safetensors")
    assert result.code == 3
    assert "cut.safetensors is damaged" in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["info", "index", "evaluate"])
def test_a_model_is_named_once(run: Run, word2vec_model: Path, command: str) -> None:
    done = run(command, word2vec_model, "-m", "other.safetensors")
    assert done.code == 2
    assert "named twice" in done.err
