"""`wvcli vocab`, as typed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import Run, clean_environment, peak_memory
from wvcli.models import model_file
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def test_words_come_with_counts_the_most_frequent_first(run: Run, word2vec_model: Path) -> None:
    vectors = wvcli.load(word2vec_model)
    rows = run("vocab", "-m", word2vec_model).rows
    assert [word for word, _ in rows] == list(vectors)
    counts = [int(count) for _, count in rows]
    assert counts == sorted(counts, reverse=True)
    assert run("vocab", "-m", word2vec_model, "-n", 3).rows == rows[:3]
    assert run("vocab", "-m", word2vec_model, "-n", 10**9, "--header").rows == [["word", "count"], *rows]


def test_a_pattern_chooses_words_and_the_table_keeps_their_ranks(run: Run, word2vec_model: Path) -> None:
    words = list(wvcli.load(word2vec_model))
    chosen = [word for word in words if word.startswith("c") or "猫" in word]
    assert [row[0] for row in run("vocab", "-m", word2vec_model, "--grep", "^c|猫").rows] == chosen
    table = run("vocab", "-m", word2vec_model, "--grep", "^cheese$", "--format", "table").out
    assert table.splitlines()[3].split()[:2] == [str(words.index("cheese") + 1), "cheese"]
    assert run("vocab", "-m", word2vec_model, "--grep", "zzz").out == ""
    for format, header in (("tsv", "word\tcount\n"), ("csv", "word,count\n"), ("json", "[]\n")):
        none = run("vocab", "-m", word2vec_model, "--grep", "zzz", "--header", "--format", format)
        assert none.out == header


def test_the_words_alone_are_listed_without_counts(run: Run, word2vec_model: Path) -> None:
    words = list(wvcli.load(word2vec_model))
    assert run("vocab", "-m", word2vec_model, "--no-counts").out == "".join(f"{word}\n" for word in words)
    [first] = json.loads(run("vocab", "-m", word2vec_model, "--no-counts", "-n", 1, "--format", "json").out)
    assert first == {"word": words[0]}


def test_unknown_counts_are_null(run: Run, tmp_path: Path) -> None:
    (tmp_path / "foreign.vec").write_text("2 2\n[b] 1 2\n:cat: 3 4\n")
    assert run("vocab", "-m", "foreign.vec").out == "[b]\t\n:cat:\t\n"
    result = run("vocab", "-m", "foreign.vec", "--format", "json")
    assert json.loads(result.out) == [{"word": "[b]", "count": None}, {"word": ":cat:", "count": None}]


@pytest.fixture(scope="module")
def large_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of many words, and one beside it of few."""
    path = tmp_path_factory.mktemp("large") / "large.safetensors"
    for file, words in ((path, 60_000), (path.with_stem("small"), 1_000)):
        vectors = Vectors(
            Vocabulary.from_words([f"{'w' * 90}{row:07}" for row in range(words)]),
            np.zeros((words, 1), dtype=np.float32),
            counts=np.arange(words, 0, -1),
            stored_norms=np.zeros(words, dtype=np.float32),
        )
        model_file.save(
            file, model_file.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}}
        )
    return path


def test_a_large_vocabulary_is_streamed(large_model: Path) -> None:
    program = "import sys; sys.argv[0] = 'wvcli'; from wvcli.cli.main import main; main()"
    small = peak_memory(program, "vocab", "-m", large_model.with_stem("small"))
    whole = peak_memory(program, "vocab", "-m", large_model)
    assert whole - small < 9 * 2**20  # 7 MB of the file, memory-mapped; its words as a list would take 9 MB more


def test_a_reader_that_stops_early_ends_it_quietly(large_model: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m wvcli vocab -m "$0" | head -n 2; echo "${{PIPESTATUS[0]}}"',
         str(large_model)],
        capture_output=True, text=True, env=clean_environment(),
    )  # fmt: skip
    assert done.stderr == ""
    assert [line[-14:] for line in done.stdout.splitlines()] == ["w0000000\t60000", "w0000001\t59999", "0"]
