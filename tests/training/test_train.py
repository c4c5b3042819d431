import bz2
import doctest
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.fasttext import FastTextKeyedVectors

import wvcli
from tests.conftest import CLONE, peak_memory
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.models import model_file
from wvcli.reporting import Progress
from wvcli.text.corpus import Corpus
from wvcli.text.settings import TextSettings
from wvcli.training.engines import engine_called
from wvcli.training.job import Job
from wvcli.training.preparation import prepare
from wvcli.training.request import Request, TokenizerChoice
from wvcli.training.settings import TrainSettings
from wvcli.training.suitability import note_few_epochs
from wvcli.training.train import default_output, plan
from wvcli.vectors.word_vectors import Vectors

FAST: dict[str, Any] = {"dim": 8, "epochs": 2, "min_count": 1, "workers": 1}
SENTENCES = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog met", "猫 喜欢 鱼"]


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, and apart from it an empty folder for temporary files."""
    room = tmp_path / "room"
    room.mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(room)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return room


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    return tmp_path / "temporary"


def put(text: str | bytes | list[str], name: str = "corpus.txt") -> Path:
    path = Path(name)
    if isinstance(text, list):
        text = "\n".join(text) + "\n"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def train(text: str | bytes | list[str], name: str = "corpus.txt", **settings: Any) -> Vectors:
    return wvcli.train(put(text, name), f"{name}.safetensors", **{**FAST, **settings})


def tensors(name: str = "corpus.txt") -> dict[str, Any]:
    return dict(model_file.open_model(Path(f"{name}.safetensors")).tensors)


def assert_same_model(first: str, second: str) -> None:
    ours, theirs = tensors(first), tensors(second)
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def run(
    program: str, *arguments: object, stdin: bytes = b"", **environment: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


# --- the model file ---


def test_a_model_says_how_it_was_made_and_is_what_lies_on_disk() -> None:
    vectors = train([*SENTENCES, "", "The CAT!"], algorithm="fasttext", buckets=50, seed=7)
    manifest = vectors.manifest
    assert manifest["settings"] == {
        **manifest["settings"],
        **FAST,
        "algorithm": "fasttext",
        "buckets": 50,
        "seed": 7,
    }
    left_open = [name for name, value in manifest["settings"].items() if value is None]
    assert left_open == ["glove_memory", "max_vocab", "phrase_threshold", "x_max"]
    assert manifest["tokenizer"] == {"name": "auto", "lowercase": True, "min_length": 1, "stopwords": []}
    assert manifest["engine"] == "gensim"
    assert manifest["corpus"]["sources"] == ["corpus.txt"]
    assert manifest["corpus"]["texts"] == 5
    assert len(manifest["corpus"]["sha256"]) == 64
    assert manifest["coverage"] == {"tokens_read": 23, "tokens_kept": 23, "tokens_trained": 23}
    assert [(epoch["epoch"], epoch["tokens_trained"]) for epoch in manifest["history"]] == [(1, 23), (2, 23)]
    assert {"wvcli", "python", "gensim", "numpy"} <= manifest["versions"].keys()
    assert model_file.damaged_tensors(model_file.open_model(Path("corpus.txt.safetensors"))) == []
    loaded = wvcli.load("corpus.txt.safetensors")
    assert list(loaded) == list(vectors)
    np.testing.assert_array_equal(loaded.matrix, vectors.matrix)
    np.testing.assert_allclose(loaded.norms, np.linalg.norm(vectors.matrix, axis=1), rtol=1e-6)
    assert loaded.manifest == manifest


@pytest.mark.parametrize(
    ("loss", "expected"), [("negative", "output.negative"), ("hierarchical", "output.hierarchical")]
)
@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_a_model_keeps_what_it_takes_to_train_on(algorithm: str, loss: str, expected: str) -> None:
    vectors = train(SENTENCES, algorithm=algorithm, loss=loss)
    held = tensors()
    assert expected in held
    assert len(held[expected]) in (len(vectors), len(vectors) - 1)
    assert ({"subwords.vectors", "input.words"} <= held.keys()) == (algorithm == "fasttext")


def test_word2vec_fits_subwords_and_leaves_the_vectors_as_they_are() -> None:
    vectors = train(SENTENCES)
    assert vectors.subwords is not None
    assert vectors.subwords.is_fitted
    assert vectors.manifest["fitted_subwords"] == {"min_n": 3, "max_n": 6}
    assert wvcli.load("corpus.txt.safetensors", from_subwords=True)["catdog"].any()
    bare = train(SENTENCES, unknown_words="none", overwrite=True)
    assert bare.subwords is None
    assert "fitted_subwords" not in bare.manifest
    assert np.array_equal(bare.matrix, vectors.matrix)
    with pytest.raises(UsageError, match="has no subwords"):
        wvcli.load("corpus.txt.safetensors", from_subwords=True)
    with pytest.raises(UsageError, match="has no effect with"):
        train(SENTENCES, algorithm="fasttext", unknown_words="none", overwrite=True)
    numbers = train("1 2 3 4 5 1 2 x", overwrite=True)
    assert (numbers.subwords, numbers.manifest["settings"]["unknown_words"]) == (None, "none")


def test_an_update_fits_subwords_again_as_the_model_says() -> None:
    train(SENTENCES)
    put(["the wombat met the quokka"] * 5, "more.txt")
    more = wvcli.update("corpus.txt.safetensors", "more.txt", "more", epochs=1)
    assert more.subwords is not None
    assert more.subwords.is_fitted
    assert "wombat" in more
    train(SENTENCES, unknown_words="none", overwrite=True)
    assert wvcli.update("corpus.txt.safetensors", "more.txt", "bare", epochs=1).subwords is None


def test_words_stand_by_count_and_then_by_first_occurrence() -> None:
    vectors = train(["zebra apple mango", "apple zebra kiwi", "fig"])
    assert list(vectors) == ["zebra", "apple", "mango", "kiwi", "fig"]
    assert [vectors.count(row) for row in range(5)] == [2, 2, 1, 1, 1]


def test_what_is_left_open_is_chosen_and_recorded() -> None:
    put(SENTENCES)
    settings = wvcli.train("corpus.txt", epochs=1).manifest["settings"]
    assert Path("corpus.safetensors").exists()
    assert settings.items() >= {"algorithm": "word2vec", "dim": 50, "min_count": 1, "window": 5}.items()
    assert settings["unknown_words"] == "subwords"
    assert settings["workers"] >= 1


def test_a_small_text_keeps_its_words_though_none_is_frequent() -> None:
    put(" ".join(f"w{number}" for number in range(30_000)))
    vectors = wvcli.train("corpus.txt", epochs=1, dim=2)
    assert len(vectors) == 30_000


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["corpus.txt"], "corpus.safetensors"),
        (["a/b.c.txt", "z"], "b.c.safetensors"),
        (["dump.txt.gz"], "dump.safetensors"),
        (["dump.ZST"], "dump.safetensors"),
        (["plain"], "plain.safetensors"),
        (["猫.txt"], "猫.safetensors"),
    ],
)
def test_a_model_is_named_after_its_first_source(files: list[str], name: str) -> None:
    for file in files:
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).touch()
    assert default_output(files, Corpus(files)) == Path(name)


# --- a text may be larger than the memory ---

_IN_MANY_SHARDS = """
import sys
from functools import partial
from wvcli import train
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
ProvisionalCorpus.of_batches = partial(ProvisionalCorpus.of_batches, shard_ids=1 << 16)  # a small text fills many
settings = {"architecture": "cbow", "negative": 1, "tokenizer": "whitespace", "workers": 1, "engine": "fast"}
train(sys.argv[1], dim=8, epochs=1, **settings)
"""


@pytest.mark.slow
def test_the_memory_it_takes_does_not_grow_with_the_text() -> None:
    """Four times the tokens take 24 MB more as numbers, and above 200 MB more as strings, if they are held.

    Both texts are so large that compiled loops read them and train on them, whose compiler takes as much for the
    one as for the other.
    """
    words = np.random.default_rng(1).zipf(1.5, (100_000, 20)) % 2_000
    text = "".join(" ".join(f"w{word}" for word in line) + "\n" for line in words.tolist())
    peaks = []
    for name, times in (("short.txt", 1), ("long.txt", 4)):
        Path(name).write_text(text * times)
        peaks.append(peak_memory(_IN_MANY_SHARDS, name))
    assert peaks[1] - peaks[0] < 50_000_000


# --- every token is trained, whatever the text looks like ---


def moved(text: str, **settings: Any) -> dict[str, float]:
    """How far each word's vector went from where it started."""
    trained = train(text, "moved", epochs=1, sample=0, **settings)
    untrained = train(text, "unmoved", epochs=1, sample=0, alpha=1e-9, min_alpha=0, **settings)
    assert list(trained) == list(untrained)
    distances = np.abs(trained.matrix - untrained.matrix).max(axis=1)
    return dict(zip(trained, distances.tolist(), strict=True))


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_single_line_of_200_000_tokens_is_trained_to_its_end(algorithm: str, workers: int) -> None:
    text = "one two three " * 66_660 + "last words " * 10
    distances = moved(text, algorithm=algorithm, workers=workers)
    assert min(distances.values()) > 1e-5
    manifest = wvcli.load("moved.safetensors").manifest
    assert manifest["coverage"] == {"tokens_read": 200_000, "tokens_kept": 200_000, "tokens_trained": 200_000}


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_very_different_lengths_are_each_trained_once(workers: int, end: str) -> None:
    lines = ["x " * 90_000, *["a b"] * 5_000, "猫 " * 30_000, "", *["c"] * 2_000, "y z " * 44_000]
    coverage = train(end.join(lines), workers=workers).manifest["coverage"]
    tokens = 90_000 + 10_000 + 30_000 + 2_000 + 88_000
    assert coverage == {"tokens_read": tokens, "tokens_kept": tokens, "tokens_trained": tokens}


@pytest.mark.parametrize("tokenizer", ["auto", "whitespace", "unicode", r"regex:\w+"])
@pytest.mark.parametrize("blank", ["\u3000", "\u00a0", "\u2003", "\t", "\u2028", "\x0b", "\r", "  "])
def test_any_blank_parts_words_as_a_plain_one_does(tokenizer: str, blank: str) -> None:
    train(SENTENCES, "plain", tokenizer=tokenizer)
    train([line.replace(" ", blank) for line in SENTENCES], "other", tokenizer=tokenizer)
    assert_same_model("plain", "other")


@pytest.mark.parametrize("tokenizer", ["auto", "whitespace"])
@pytest.mark.parametrize("end", ["\r\n", "\r\n\r\n", "\u3000\n", "\u00a0\r\n", "\t\n\n"])
def test_any_line_end_parts_texts_as_a_plain_one_does(tokenizer: str, end: str) -> None:
    plain = train(SENTENCES, "plain", tokenizer=tokenizer)
    other = train("".join(line + end for line in SENTENCES), "other", tokenizer=tokenizer)
    assert other.manifest["coverage"] == plain.manifest["coverage"]
    assert other.manifest["corpus"]["texts"] == plain.manifest["corpus"]["texts"] == len(SENTENCES)
    assert_same_model("plain", "other")


def test_rare_words_are_left_out_and_said_to_be() -> None:
    vectors = train(["a a a b b c"] * 2 + ["d"], min_count=4)
    assert list(vectors) == ["a", "b"]
    assert vectors.manifest["coverage"] == {"tokens_read": 13, "tokens_kept": 10, "tokens_trained": 10}


def test_a_word_is_counted_over_all_sources_together() -> None:
    paths = [put("rare common common", f"{number}.txt") for number in range(5)]
    vectors = wvcli.train(paths, "all.safetensors", **{**FAST, "min_count": 5})
    assert list(vectors) == ["common", "rare"]


@pytest.mark.parametrize("most", [2, 3, 50])
def test_the_vocabulary_has_exactly_the_size_asked_for(most: int) -> None:
    vectors = train(" ".join(f"w{number}" for number in range(100)), max_vocab=most)
    assert list(vectors) == [f"w{number}" for number in range(most)]


def test_a_vocabulary_of_one_word_is_refused_however_it_comes_about() -> None:
    for text, settings in [
        ("a a a", {}),
        ("a a b", {"min_count": 2}),
        ("a a b", {"max_vocab": 1}),
        ("a a b", {"max_vocab": 1, "loss": "hierarchical"}),
    ]:
        with pytest.raises(WvcliError, match=r"one distinct word|neighbours"):
            train(text, **settings)
    assert not Path("corpus.txt.safetensors").exists()


@pytest.mark.parametrize(
    ("text", "settings", "hint"),
    [
        ("plum\npear\n" * 100, {}, "put the words of a sentence in one"),
        ("แมวกิน\nหมานอน\n" * 9, {}, "put the words of a sentence in one"),
        ("a x1\nb x2\nx3 a\nx4 b\n", {"min_count": 2}, "`min_count`"),
        ("a x1\nb x2\nx3 a\nx4 b\n", {"max_vocab": 2}, "`min_count`"),
        ("plum\npear\n" * 100, {"algorithm": "fasttext", "buckets": 50}, "put the words of a sentence in one"),
    ],
)
def test_text_without_two_words_beside_each_other_is_refused(
    text: str, settings: dict[str, Any], hint: str
) -> None:
    with pytest.raises(InputError, match="no text has two words") as caught:
        train(text, **settings)
    assert hint in caught.value.hint
    assert os.listdir() == ["corpus.txt"]
    with pytest.raises(InputError, match="no text has two words"):
        plan("corpus.txt", **{**FAST, **settings})


def test_an_update_with_a_word_a_line_is_refused() -> None:
    train(SENTENCES)
    put("plum\npear\n" * 10, "more.txt")
    with pytest.raises(InputError, match="no text has two words"):
        wvcli.update("corpus.txt.safetensors", "more.txt", "new.safetensors")


@pytest.mark.parametrize("engine", ["gensim", "fast"])
def test_subsampling_that_leaves_nothing_to_learn_from_is_told(engine: str) -> None:
    put(SENTENCES * 100)
    notes: list[str] = []
    for sample in (1e-9, 1e-3, 0):
        name = f"{sample}.safetensors"
        wvcli.train("corpus.txt", name, engine=engine, sample=sample, on_note=notes.append, **FAST)
    [note] = [note for note in notes if "subsampling" in note]
    assert "`sample=1e-09`" in note


# --- sources ---


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_packed_text_trains_the_same_model(pack: Any) -> None:
    train(SENTENCES, "plain")
    train(pack(("\n".join(SENTENCES) + "\n").encode()), "packed")
    assert_same_model("plain", "packed")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_standard_input_trains_the_same_model(pack: Any) -> None:
    train(SENTENCES, "plain")
    program = "import sys, wvcli; wvcli.train('-', 'piped.safetensors', **eval(sys.argv[1]))"
    done = run(program, repr(FAST), stdin=pack("\n".join(SENTENCES).encode()))
    assert done.returncode == 0, done.stderr
    assert_same_model("plain", "piped")


def test_a_byte_order_mark_is_no_part_of_the_first_word() -> None:
    assert "the" in train("\ufeffthe cat the\n", tokenizer="whitespace")
    assert list(wvcli.load("corpus.txt.safetensors")) == ["the", "cat"]


@pytest.mark.parametrize("text", ["the cat sat on the mat", "cat", "the cat\n" * 500, ["the cat", "the dog"]])
def test_text_given_in_place_of_a_file_is_refused_and_never_trained_on_as_letters(text: Any) -> None:
    with pytest.raises(WvcliError):
        wvcli.train(text, "letters.safetensors", **FAST)
    assert not Path("letters.safetensors").exists()


@pytest.mark.parametrize("sources", [[], "", [""], ["corpus.txt", ""]])
def test_no_source_is_refused_and_the_folder_one_is_in_is_not_read(sources: Any) -> None:
    put(SENTENCES)
    with pytest.raises(WvcliError):
        wvcli.train(sources, **FAST)
    assert os.listdir() == ["corpus.txt"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no words"),
        (b"\n \n...\n", "no words"),
        (b"ok\ncaf\xe9\n", "line 2"),
        (b"a\0b", "binary"),
        (gzip.compress(b"the cat sat " * 999, mtime=0)[:-20], "cut off"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_and_nothing_is_written(
    content: bytes, said: str, temporary: Path
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        train(content)
    assert "corpus.txt" in caught.value.message
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


def test_a_threshold_above_every_count_is_explained() -> None:
    with pytest.raises(InputError, match="occurs 50 times") as caught:
        train(SENTENCES, min_count=50)
    assert "`min_count=" in caught.value.hint


# --- words as one may type them ---


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("don't stop, don't", "don't"),
        ("don't stop, don't", "don’t"),
        ("don’t stop, don’t", "don't"),
        ("Caf\u0065\u0301 caf\u00e9 au lait", "CAFE\u0301"),
        ("Straße Straße weit", "STRASSE".replace("SS", "ß")),
        ("Donau\u00addampf fährt fährt", "Donau\u00addampf"),
        ("J\u030can a a", "ǰan"),
        ("İstanbul a a", "İstanbul"),
    ],
)
def test_a_word_is_found_however_it_is_typed(text: str, asked: str) -> None:
    assert asked in train(text)


def test_case_is_kept_when_asked_to() -> None:
    vectors = train("Cat cat CAT the the the", lowercase=False)
    assert {"Cat", "cat", "CAT"} <= set(vectors)
    assert "tHe" not in vectors


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_a_new_word_is_not_said_to_be_in_the_vocabulary(algorithm: str) -> None:
    vectors = train(SENTENCES, algorithm=algorithm)
    for word in ("", "catdog", "xyz"):
        assert word not in vectors
    assert vectors.find("") is None
    assert (vectors.find("catdog") is not None) == (algorithm == "fasttext")


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_all_that_is_told_of_a_model_is_plain_json(algorithm: str) -> None:
    vectors = train(SENTENCES, algorithm=algorithm)
    answers = [vectors.similarity("cat", "dog"), vectors.most_similar("cat"), vectors.count(0)]
    assert json.loads(json.dumps(dict(vectors.manifest))) == vectors.manifest
    assert json.loads(json.dumps(answers))[2] == 4


def test_a_fasttext_model_is_opened_with_its_vectors_and_composes_none() -> None:
    """Gensim's own files leave the words' vectors out, and to open one is to make them again."""
    train(SENTENCES, algorithm="fasttext", buckets=50)
    vectors = wvcli.load("corpus.txt.safetensors")
    base: Any = vectors.matrix
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    np.testing.assert_array_equal(vectors.matrix, composed(tensors(), list(vectors), buckets=50))


def composed(held: dict[str, Any], words: list[str], buckets: int) -> Any:
    """The vectors of words by Gensim, from the trained rows of words and n-grams."""
    keyed = FastTextKeyedVectors(vector_size=8, min_n=3, max_n=6, bucket=buckets)
    keyed.index_to_key = words
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    keyed.vectors_vocab, keyed.vectors_ngrams = held["input.words"], held["subwords.vectors"]
    keyed.recalc_char_ngram_buckets()
    keyed.adjust_vectors()
    return keyed.vectors


def test_a_fasttext_run_that_ends_early_has_the_vectors_it_trained() -> None:
    """Gensim composes the words' vectors at the very end only, so that to break off is to keep untrained ones."""
    lines = ["the cat sat on the mat with the dog"] * 500
    settings: dict[str, Any] = {"algorithm": "fasttext", "buckets": 50, "epochs": 50, "early_stop": True}
    vectors = train(lines, **settings)
    assert len(vectors.manifest["history"]) < 50
    np.testing.assert_array_equal(vectors.matrix, composed(tensors(), list(vectors), buckets=50))
    untrained = train(lines, "untrained", alpha=1e-9, min_alpha=0, **settings)
    assert np.abs(vectors.matrix - untrained.matrix).max() > 0.01


# --- settings that Gensim takes without a word ---


@pytest.mark.parametrize(
    "settings",
    [
        {"workers": 0},
        {"workers": -1},
        {"negative": -1},
        {"negative": 0},
        {"alpha": -0.1},
        {"alpha": 0},
        {"sample": -1},
        {"dim": 0},
        {"dim": -5},
        {"window": 0},
        {"epochs": 0},
        {"min_count": 0},
        {"max_vocab": 0},
        {"min_alpha": -1},
        {"batch_words": 100_000},
        {"vector_size": 10},
        {"buckets": 0, "algorithm": "fasttext"},
        {"seed": -1},
        {"alpha": float("nan")},
        {"algorithm": "lsa"},
        {"engine": "none"},
        {"tokenizer": "none"},
        {"tokenizer": "regex:("},
        {"encoding": "klingon"},
        {"encoding": "hex"},
        {"encoding_errors": "nonsense"},
    ],
)
def test_a_senseless_setting_is_refused_before_anything_is_written(
    settings: dict[str, Any], temporary: Path
) -> None:
    with pytest.raises(WvcliError):
        train(SENTENCES, **settings)
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


def test_zero_is_a_value_and_not_a_setting_left_out() -> None:
    lines = ["the cat sat", "the dog sat", "the end"] * 5_000
    usual = train(lines, "usual")
    for name in ("min_alpha", "sample"):
        zero = train(lines, name, **{name: 0})
        assert zero.manifest["settings"][name] == 0
        assert not np.array_equal(zero.matrix, usual.matrix)


# --- the same again ---


DETERMINISM = """
import itertools, sys, wvcli
for algorithm, architecture, loss in itertools.product(
    ["word2vec", "fasttext"], ["skipgram", "cbow"], ["negative", "hierarchical"]
):
    wvcli.train("corpus.txt", f"{sys.argv[1]}-{algorithm}-{architecture}-{loss}.safetensors", algorithm=algorithm,
                architecture=architecture, loss=loss, dim=8, epochs=2, min_count=1, workers=1, seed=5)
"""


def test_one_worker_writes_the_same_bytes_in_every_process() -> None:
    rng = np.random.default_rng(0)
    put([" ".join(f"w{n}" for n in rng.integers(0, 200, 15)) for _ in range(400)] + SENTENCES)
    for hash_seed in ("1", "2"):
        done = run(DETERMINISM, hash_seed, PYTHONHASHSEED=hash_seed)
        assert done.returncode == 0, done.stderr
    first, second = (sorted(Path().glob(f"{hash_seed}-*")) for hash_seed in "12")
    assert len(first) == len(second) == 8
    assert len({path.read_bytes() for path in first}) == 8
    for one, other in zip(first, second, strict=True):
        assert one.name[1:] == other.name[1:]
        assert one.read_bytes() == other.read_bytes()


def test_another_seed_gives_another_model() -> None:
    assert not np.array_equal(train(SENTENCES, seed=1).matrix, train(SENTENCES, "other", seed=2).matrix)


# --- failures ---


def test_text_lost_while_training_ends_the_run_with_an_error_and_leaves_nothing(temporary: Path) -> None:
    def lose(progress: Progress) -> None:
        if progress.stage == "training":
            for path in temporary.rglob("*.ids"):
                path.unlink()

    with pytest.raises(WvcliError):
        train(["the cat sat on the mat"] * 20_000, on_progress=lose, epochs=3)
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


@pytest.mark.parametrize("stage", ["reading", "training"])
def test_a_failing_listener_ends_the_run_and_leaves_nothing(stage: str, temporary: Path) -> None:
    class Gone(Exception):
        pass

    def fail(progress: Progress) -> None:
        if progress.stage == stage:
            raise Gone

    with pytest.raises((Gone, WvcliError)):
        train(["the cat sat on the mat"] * 20_000, on_progress=fail)
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


def test_an_interrupted_run_ends_at_once_and_leaves_nothing(temporary: Path) -> None:
    put(["the cat sat on the mat with the dog"] * 30_000)
    program = (
        "import wvcli\n"
        "def tell(progress):\n"
        "    if progress.stage == 'training': print('training', flush=True)\n"
        "wvcli.train('corpus.txt', epochs=10_000, dim=50, workers=2, checkpoint=0, on_progress=tell)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode in (130, -signal.SIGINT), said
    assert "KeyboardInterrupt" in said
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


def test_a_model_too_large_for_the_memory_is_our_error(temporary: Path) -> None:
    put(SENTENCES)
    program = (
        "import resource, sys, wvcli, gensim.models\n"
        "resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))\n"
        "try:\n"
        "    wvcli.train('corpus.txt', algorithm='fasttext', buckets=1_000_000, dim=10_000)\n"
        "except wvcli.WvcliError as error:\n"
        "    sys.exit('refused: ' + error.message)\n"
    )
    done = run(program, OPENBLAS_NUM_THREADS="1")
    assert done.stderr.startswith("refused: "), done.stderr
    assert "memory" in done.stderr
    assert os.listdir() == ["corpus.txt"]
    assert os.listdir(temporary) == []


# --- where the model goes ---


def test_a_model_that_exists_is_refused_before_anything_is_read() -> None:
    train(SENTENCES)
    before = Path("corpus.txt.safetensors").read_bytes()
    told: list[Progress] = []
    with pytest.raises(UsageError, match="exists"):
        train(SENTENCES, on_progress=told.append)
    assert told == []
    assert Path("corpus.txt.safetensors").read_bytes() == before
    train(SENTENCES, dim=9, overwrite=True)
    assert wvcli.load("corpus.txt.safetensors").dim == 9


@pytest.mark.parametrize("output", ["model.bin", "none/model.safetensors", "folder.safetensors", "", "."])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_read(output: str) -> None:
    put(SENTENCES)
    Path("folder.safetensors").mkdir()
    told: list[Progress] = []
    with pytest.raises(WvcliError):
        wvcli.train("corpus.txt", output, on_progress=told.append, **FAST)
    assert told == []
    assert sorted(os.listdir()) == ["corpus.txt", "folder.safetensors"]


def test_text_from_standard_input_needs_a_name_for_its_model() -> None:
    with pytest.raises(UsageError, match="standard input") as caught:
        wvcli.train("-")
    assert "`output=" in caught.value.hint


def test_the_disk_that_a_large_text_takes_is_noted_for_folders_that_are_not_there_yet() -> None:
    text = TextSettings((str(put(SENTENCES)),))
    settings = {"dim": 8, "epochs": 1, "min_count": 1, "workers": 1}
    notes: list[str] = []
    job = Job(
        request=Request.of(text, TokenizerChoice(), settings, None),
        start=None,
        path=Path("model.safetensors"),
        engine=engine_called("gensim"),
        overwrite=False,
        keep_in=Path("folder/kept"),
        on_progress=lambda progress: None,
        on_note=notes.append,
        large_bytes=1,
    )
    Path("folder").mkdir()
    job.run()
    assert [note for note in notes if "GB in folder/kept, where" in note]
    assert Path("folder/kept").is_dir()


def test_few_epochs_of_glove_are_told_before_it_trains(tmp_path: Path) -> None:
    def notes_on(text: list[str], **settings: Any) -> list[str]:
        notes: list[str] = []
        request = Request.of(TextSettings((str(put(text)),)), TokenizerChoice(), settings, None)
        prepare(request, tmp_path, on_note=notes.append)
        return [note for note in notes if "GloVe" in note]

    few = notes_on(["the cat sat on the mat"] * 10, algorithm="glove", epochs=5)
    assert few == [
        "5 epochs of GloVe are too few for 60 tokens: words hardly move apart, and all are similar; "
        "without `epochs` there would be 60"
    ]
    for settings in ({"epochs": 30}, {}, {"algorithm": "word2vec", "epochs": 1}):
        assert notes_on(["the cat sat on the mat"] * 10, **{"algorithm": "glove", **settings}) == []
    for tokens, epochs, is_told in (
        (150_000, 12, True),
        (150_000, 13, False),
        (10**7, 7, True),
        (10**7, 8, False),
    ):
        told: list[str] = []
        note_few_epochs(TrainSettings(algorithm="glove", epochs=epochs), tokens, told.append)
        assert bool(told) == is_told


# --- progress ---


@pytest.mark.parametrize("workers", [1, 3])
def test_progress_goes_from_reading_through_training_to_saving(workers: int) -> None:
    told: list[Progress] = []
    model = train(["the cat sat on the mat"] * 10_000, on_progress=told.append, epochs=3, workers=workers)
    stages = [progress.stage for progress in told]
    expected = ["reading", "training", "fitting subwords", "saving"]
    assert sorted(set(stages), key=stages.index) == expected
    assert stages == sorted(stages, key=expected.index)
    training = [progress for progress in told if progress.stage == "training"]
    assert [progress.done for progress in training] == sorted(progress.done for progress in training)
    losses = [epoch["loss"] for epoch in model.manifest["history"]]
    last = Progress("training", 180_000, 180_000, epoch=3, epochs=3, unit="tokens", loss=losses[-1])
    assert training[-1] == last
    assert list(dict.fromkeys(progress.loss for progress in training)) == [None, *losses]
    reading = [progress for progress in told if progress.stage == "reading"]
    assert all(progress.total == Path("corpus.txt").stat().st_size for progress in reading)


@pytest.mark.parametrize("function", [wvcli.train, wvcli.resume, wvcli.update])
def test_the_example_in_the_docstring_is_true(room: Path, function: object) -> None:
    (room / "sample_corpora").symlink_to(CLONE / "sample_corpora")
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder(recurse=False).find(function):
        runner.run(example)
    done = runner.summarize()
    assert done.attempted > 2
    assert not done.failed
