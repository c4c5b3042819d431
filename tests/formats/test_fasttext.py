"""fastText's `.bin`, against the fastText program where it is installed, and against Gensim."""

import importlib.util
import random
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_model, save_facebook_model

import wvcli
from tests.clients import program
from tests.conftest import SENTENCES, Run
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats._fasttext_model import open_model
from wvcli.models import exporting, model_file
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import ByteArray, Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

DATA = Path(importlib.util.find_spec("gensim").origin).parent / "test" / "test_data"  # type: ignore[union-attr,arg-type]

UNSEEN = ["catdog", "mouses", "猫的", "naïveté", "x", "😀"]
KINDS = [
    "skipgram",
    "cbow",
    "skipgram -loss hs",
    "cbow -loss softmax",
    "skipgram -maxn 0",
    "skipgram -minn 1 -maxn 2 -bucket 7",
    "skipgram -minn 0 -maxn 3 -neg 3 -ws 2 -t 0.01 -lrUpdateRate 50",
]


def fasttext(*arguments: object, stdin: str = "") -> str:
    done = subprocess.run(
        [program("fasttext"), *map(str, arguments)],
        input=stdin.encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def printed_vectors(path: Path, words: list[str]) -> FloatArray:
    """The vectors that the program prints, to five digits."""
    lines = fasttext("print-word-vectors", path, stdin="\n".join(words) + "\n").splitlines()
    assert [line.split(" ")[0] for line in lines] == words
    return np.array([line.split()[1:] for line in lines], dtype=np.float32)


def check_printed(path: Path, vectors: Vectors, words: list[str]) -> None:
    ours = [np.zeros(vectors.dim) if (found := vectors.find(word)) is None else found.vector for word in words]
    np.testing.assert_allclose(printed_vectors(path, words), ours, rtol=1e-4, atol=1e-8)


def check_neighbors(path: Path, vectors: Vectors, words: list[str]) -> None:
    """`fasttext nn` and we give the same similarities, and the same neighbours but for near ties."""
    answers = fasttext("nn", path, 5, stdin="\n".join(words) + "\n").split("Query word? ")[1:]
    for word, answer in zip(words, answers, strict=False):
        theirs = [line.rsplit(" ", 1) for line in answer.splitlines()]
        ours = vectors.most_similar(word, 6)
        scores = dict(ours)
        assert [float(score) for _, score in theirs] == pytest.approx([score for _, score in ours[:5]], abs=2e-5)
        for neighbor, score in theirs:
            assert scores.get(neighbor, ours[-1][1]) == pytest.approx(float(score), abs=2e-5)


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the program made."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "text").write_text("\n".join(SENTENCES * 40) + "\n", encoding="utf-8")
    kind, *options = request.param.split()
    given = ["-dim", "8", "-minCount", "1", "-epoch", "2", "-lr", "0.2", "-bucket", "200", "-thread", "1"]
    if "-bucket" in options:
        given = given[:-4] + given[-2:]
    fasttext(kind, "-input", folder / "text", "-output", folder / "model", *given, *options)
    return folder / "model.bin"


@pytest.mark.client
def test_what_the_program_made_has_the_programs_vectors(made: Path) -> None:
    vectors = formats.read(made)
    assert vectors.counts is not None
    assert "</s>" in vectors
    assert len(vectors) == len(set(vectors)) > 40
    assert vectors.count(0) == max(vectors.counts)
    check_printed(made, vectors, [*vectors, *UNSEEN])


@pytest.mark.client
def test_what_the_program_made_has_the_programs_neighbours(made: Path) -> None:
    vectors = formats.read(made)
    asked = ["cat", "the", "kitchen", "mouse"]
    check_neighbors(made, vectors, asked + (["catdog", "kitchens"] if vectors.subwords else []))


@pytest.mark.client
def test_what_the_program_made_is_written_again_to_the_byte(made: Path, tmp_path: Path) -> None:
    exporting.export(formats.read(made), tmp_path / "again.fasttext.bin")
    assert (tmp_path / "again.fasttext.bin").read_bytes() == made.read_bytes()


@pytest.mark.client
def test_the_first_words_of_what_the_program_made(made: Path) -> None:
    whole = formats.read(made)
    for limit in (1, 5, 10_000):
        some = formats.read(made, limit=limit)
        assert list(some) == list(whole)[:limit]
        assert (some.matrix == whole.matrix[:limit]).all()
        assert (some.subwords is None) == (whole.subwords is None)
        if whole.subwords and some.subwords:
            assert (some["mouses"] == whole["mouses"]).all()


@pytest.mark.client
def test_subwords_stay_in_the_file(made: Path) -> None:
    subwords = formats.read(made).subwords
    if subwords is not None:
        assert not subwords.matrix.flags.owndata
        assert not subwords.matrix.flags.writeable


@pytest.mark.client
def test_the_program_gives_our_vectors_of_our_fasttext_model(fasttext_model: Path, tmp_path: Path) -> None:
    vectors = model_file.open_model(fasttext_model).vectors()
    path = tmp_path / "model.fasttext.bin"
    notes: list[str] = []
    exporting.export(vectors, path, on_note=notes.append)
    assert notes == ["the noise exponent 0.75 is left out: fastText's files imply 0.5"]
    check_printed(path, vectors, [*vectors, *UNSEEN])
    check_neighbors(path, vectors, ["cat", "mouse", "kitchens"])
    settings = dict(line.split() for line in fasttext("dump", path, "args").splitlines())
    trained = vectors.manifest["settings"]
    assert settings["dim"] == "24"
    assert settings["ws"] == str(trained["window"])
    assert settings["epoch"] == str(trained["epochs"])
    assert settings["model"] == {"skipgram": "sg", "cbow": "cbow"}[trained["architecture"]]
    assert settings["loss"] == "ns"
    assert settings["bucket"] == str(trained["buckets"])


@pytest.mark.client
def test_the_program_gives_our_vectors_of_our_word2vec_model(word2vec_model: Path, tmp_path: Path) -> None:
    vectors = wvcli.load(word2vec_model, from_subwords=True)
    path = tmp_path / "model.fasttext.bin"
    exporting.export(vectors, path)
    check_printed(path, vectors, [*vectors, *UNSEEN])
    check_neighbors(path, vectors, ["cat", "mouse", "kitchens"])


@pytest.mark.parametrize("algorithm", ["fasttext", "word2vec"])
def test_gensim_opens_our_models_with_all_that_training_needs(
    algorithm: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    model = model_file.open_model(request.getfixturevalue(f"{algorithm}_model"))
    vectors, path = replace(model.vectors(), from_subwords=True), tmp_path / "model.fasttext.bin"
    exporting.export(vectors, path)
    theirs = load_facebook_model(str(path))
    assert theirs.wv.index_to_key == list(vectors)
    np.testing.assert_allclose(theirs.wv.vectors, vectors.matrix, rtol=1e-5, atol=1e-8)
    assert (theirs.syn1neg == model.tensors["output.negative"]).all()
    assert [theirs.wv.get_vecattr(word, "count") for word in vectors] == model.tensors[
        "vocabulary.counts"
    ].tolist()
    ours = wvcli.load(path)
    for word in UNSEEN:
        if (found := vectors.find(word)) is not None:
            np.testing.assert_allclose(theirs.wv[word], found.vector, rtol=1e-5, atol=1e-8)
            np.testing.assert_array_equal(ours[word], found.vector)
    before = theirs.wv["cat"].copy()
    theirs.train([["the", "cat"]] * 50, total_examples=50, epochs=1)
    assert (theirs.wv["cat"] != before).any()


@pytest.fixture(scope="module")
def hierarchical(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vectors, Path, list[str]]:
    """A model trained with hierarchical softmax, its export, and the notes on that."""
    folder = tmp_path_factory.mktemp("hierarchical")
    (folder / "t.txt").write_text("\n".join(SENTENCES * 20), encoding="utf-8")
    options = {"loss": "hierarchical", "algorithm": "fasttext", "dim": 8, "epochs": 1, "min_count": 1}
    wvcli.train(folder / "t.txt", folder / "t.safetensors", **options)
    notes: list[str] = []
    exporting.export(wvcli.load(folder / "t.safetensors"), folder / "out.fasttext.bin", on_note=notes.append)
    return model_file.open_model(folder / "t.safetensors").vectors(), folder / "out.fasttext.bin", notes


def test_the_output_layer_of_hierarchical_softmax_is_left_out_and_said_to_be(
    hierarchical: tuple[Vectors, Path, list[str]],
) -> None:
    ours, path, notes = hierarchical
    assert notes == ["the output layer is left out, since fastText builds another tree of words"]
    theirs = load_facebook_model(str(path))
    np.testing.assert_allclose(theirs.wv.vectors, ours.matrix, rtol=1e-5, atol=1e-8)
    assert theirs.hs == 1
    assert theirs.negative == 0


@pytest.mark.client
def test_the_program_gives_our_vectors_of_a_model_with_hierarchical_softmax(
    hierarchical: tuple[Vectors, Path, list[str]],
) -> None:
    ours, path, _ = hierarchical
    check_printed(path, ours, [*ours, *UNSEEN])


def of_gensim(loss: dict[str, int], bucket: int, path: Path) -> FastText:
    """A model that Gensim trained and wrote to a file."""
    texts = [sentence.split() for sentence in SENTENCES * 10]
    model = FastText(texts, vector_size=9, min_count=1, bucket=bucket, epochs=2, workers=1, seed=1, **loss)
    save_facebook_model(model, str(path))
    return model


LOSSES = pytest.mark.parametrize("loss", [{"negative": 5}, {"negative": 0, "hs": 1}])


@LOSSES
@pytest.mark.parametrize("bucket", [1, 100])
def test_what_gensim_wrote_has_gensims_vectors(loss: dict[str, int], bucket: int, tmp_path: Path) -> None:
    theirs = of_gensim(loss, bucket, tmp_path / "gensim.bin")
    ours = formats.read(tmp_path / "gensim.bin")
    assert list(ours) == theirs.wv.index_to_key
    np.testing.assert_allclose(ours.matrix, theirs.wv.vectors, rtol=1e-5, atol=1e-8)
    for word in UNSEEN:
        if (found := ours.find(word)) is not None:
            np.testing.assert_allclose(found.vector, theirs.wv[word], rtol=1e-5, atol=1e-8)


@pytest.mark.client
@LOSSES
@pytest.mark.parametrize("bucket", [1, 100])
def test_what_gensim_wrote_has_the_programs_vectors(loss: dict[str, int], bucket: int, tmp_path: Path) -> None:
    of_gensim(loss, bucket, tmp_path / "gensim.bin")
    ours = formats.read(tmp_path / "gensim.bin")
    check_printed(tmp_path / "gensim.bin", ours, [*ours, *UNSEEN])


@pytest.mark.parametrize(
    "name", ["crime-and-punishment", "lee_fasttext_new", "lee_fasttext", "non_ascii_fasttext", "toy-model"]
)
def test_files_of_old_have_the_vectors_that_gensim_gives_them(name: str) -> None:
    path = DATA / f"{name}.bin"
    ours, theirs = formats.read(path), load_facebook_model(str(path))
    assert list(ours) == theirs.wv.index_to_key
    words = [word for word in ours if word != "</s>"]  # to which Gensim gives n-grams, unlike the program
    np.testing.assert_allclose([ours[word] for word in words], theirs.wv[words], rtol=1e-4, atol=1e-7)
    for word in ("nights", "který", "преступление", "unheardof"):
        if (found := ours.find(word)) is not None:
            np.testing.assert_allclose(found.vector, theirs.wv[word], rtol=1e-4, atol=1e-7)


@pytest.mark.client
def test_words_that_are_not_utf8_are_escaped_and_have_the_programs_vectors(tmp_path: Path) -> None:
    text = "kter\xec jin\xe1 dom \xec\xec les kter\xec dom\n".encode("latin-1") * 40
    (tmp_path / "text").write_bytes(text)
    fasttext(
        "skipgram", "-input", tmp_path / "text", "-output", tmp_path / "m", "-dim", 4, "-bucket", 50, "-thread", 1
    )
    ours = formats.read(tmp_path / "m.bin")
    assert set(ours) == {r"kter\xec", r"jin\xe1", "dom", r"\xec\xec", "les", "</s>"}
    done = subprocess.run(
        [program("fasttext"), "print-word-vectors", tmp_path / "m.bin"],
        input=text,
        capture_output=True,
        check=True,
    )
    for line in done.stdout.split(b"\n")[:7]:
        word, *numbers = line.split()
        escaped = word.decode("utf-8", "backslashreplace")
        np.testing.assert_allclose(ours[escaped], np.array(numbers, dtype=np.float32), rtol=1e-4)


def random_vectors(words: list[str]) -> Vectors:
    """Vectors that no training made, with subwords."""
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(len(words), 6)).astype(np.float32)
    subwords = Subwords(rng.normal(size=(40, 6)).astype(np.float32), 2, 4)
    counts = np.arange(len(words), dtype=np.int64)
    return Vectors(Vocabulary.from_words(words), matrix, counts, subwords)


ARBITRARY_WORDS = ["rare", "cat", "猫", "new york", "</s>", "", "x", "naïve"]


def test_vectors_that_are_no_mean_of_subwords_are_written_so_that_they_become_one(tmp_path: Path) -> None:
    words = ARBITRARY_WORDS
    vectors, path = random_vectors(words), tmp_path / "file.bin"
    formats.write(vectors, path, "fasttext")
    found, theirs = formats.read(path), load_facebook_model(str(path))
    assert list(found) == words
    np.testing.assert_allclose(found.matrix, vectors.matrix, atol=2e-6)
    assert found.counts is not None
    assert found.counts.tolist() == [1, 1, *range(2, len(words))]  # a word that is there has occurred
    assert theirs.wv.index_to_key == words
    for row, word in enumerate(words):
        if word not in ("</s>", ""):
            np.testing.assert_allclose(theirs.wv[word], vectors.matrix[row], atol=2e-6)


@pytest.mark.client
def test_the_program_gives_vectors_that_are_no_mean_of_subwords(tmp_path: Path) -> None:
    vectors, path = random_vectors(ARBITRARY_WORDS), tmp_path / "file.bin"
    formats.write(vectors, path, "fasttext")
    check_printed(path, vectors, ["rare", "cat", "猫", "</s>", "x", "naïve", *UNSEEN])


def test_chosen_words_keep_their_vectors_and_subwords(run: Run, fasttext_model: Path, tmp_path: Path) -> None:
    whole = model_file.open_model(fasttext_model).vectors()
    assert run("export", "some.fasttext.bin", "-m", fasttext_model, "-n", 10).code == 0
    some = formats.read(tmp_path / "some.fasttext.bin")
    assert list(some) == list(whole)[:10]
    np.testing.assert_allclose(some.matrix, whole.matrix[:10], atol=1e-6)
    np.testing.assert_allclose(some["horses"], whole["horses"], atol=1e-6)


def test_a_word_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WvcliError, match=r"the word 'a\\x00b' contains a zero byte"):
        formats.write(random_vectors(["x", "a\0b", "c"]), tmp_path / "file", "fasttext")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_word_is_answered_from_the_subwords_of_the_file(run: Run, tmp_path: Path) -> None:
    formats.write(random_vectors(["the", "cat", "dog"]), tmp_path / "wiki.fasttext.bin")
    done = run("similar", "cats", "-m", "wiki.fasttext.bin", "--missing", "subword")
    assert done.code == 0
    assert len(done.rows) == 3
    assert "'cats' is not in the vocabulary (oov); answered from its subwords" in done.err
    imported = run("import", "wiki.fasttext.bin", "-o", "wiki.safetensors")
    assert imported.code == 0
    assert run("similar", "cats", "-m", "wiki.safetensors", "-q").out == done.out


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.client
def test_a_classifier_of_the_program_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("__label__a cat dog\n__label__b red blue\n" * 30, encoding="utf-8")
    base = ["-input", tmp_path / "text", "-output", tmp_path / "m", "-dim", 4, "-bucket", 300, "-thread", 1]
    base += ["-minn", 2, "-maxn", 3]
    fasttext("supervised", *base, "-minCount", 1)
    assert "is a classifier (fastText supervised)" in refusal(tmp_path / "m.bin")
    fasttext("quantize", *base)
    assert "is a classifier (fastText supervised)" in refusal(tmp_path / "m.ftz")


def test_gensims_classifier_is_refused_by_name() -> None:
    assert "is a classifier (fastText supervised)" in refusal(DATA / "pang_lee_polarity_fasttext.bin")


FIELDS = {name: 8 + 4 * place for place, name in enumerate(["dim", "ws", "epoch", "minCount", "neg", "ngrams"])}
FIELDS |= {"loss": 32, "model": 36, "bucket": 40, "minn": 44, "maxn": 48, "entries": 64, "words": 68, "labels": 72}


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (4, 13, "has version 13 of fastText's format"),
        (FIELDS["dim"], 7, "expected 7 columns, found 6"),
        (FIELDS["dim"], 0, "its settings are not fastText's"),
        (FIELDS["dim"], 2**31 - 1, "columns"),
        (FIELDS["loss"], 9, "its settings are not fastText's"),
        (FIELDS["bucket"], 41, "expected 44 rows, for 3 words and 41 buckets, found 43"),
        (FIELDS["bucket"], 2**31 - 1, "found 43"),
        (FIELDS["bucket"], -1, "its settings are not fastText's"),
        (FIELDS["entries"], 2**31 - 1, "cannot be 3 words"),
        (FIELDS["words"], 2, "cannot be 2 words"),
    ],
)
def test_a_wrong_number_is_refused(tmp_path: Path, place: int, value: int, problem: str) -> None:
    formats.write(random_vectors(["the", "cat", "dog"]), tmp_path / "file", "fasttext")
    data = bytearray((tmp_path / "file").read_bytes())
    data[place : place + 4] = struct.pack("<i", value)
    (tmp_path / "file").write_bytes(data)
    assert problem in refusal(tmp_path / "file")


def test_a_quantised_or_pruned_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    formats.write(random_vectors(["the", "cat", "dog"]), path, "fasttext")
    whole = path.read_bytes()
    flag = whole.index(b"dog\0") + 13
    path.write_bytes(whole[:flag] + b"\1" + whole[flag + 1 :])
    assert "is quantised" in refusal(path)
    path.write_bytes(whole[:84] + struct.pack("<q", 3) + whole[92:])
    assert "pruned" in refusal(path)
    path.write_bytes(whole + b"\0")
    assert "found 1 byte" in refusal(path)


def check_broken(path: Path, name: str, seed: int) -> None:
    """Of 200 broken copies of a small file some are refused, by a line that names it, and the others read."""
    whole, rng, refused = path.read_bytes(), random.Random(seed), 0
    for _ in range(200):
        place = rng.randrange(min(len(whole), 300))
        kind = rng.randrange(4)
        broken = bytearray(whole)
        if kind == 0:
            del broken[rng.randrange(len(whole)) :]
        elif kind == 1:
            broken[place] ^= 1 << rng.randrange(8)
        elif kind == 2:
            broken[place : place + 4] = struct.pack("<i", rng.choice([-1, 2**31 - 1, 0, 1 << 20]))
        else:
            del broken[place : place + rng.randrange(1, 20)]
        path.write_bytes(broken)
        try:
            found = formats.read(path, name)
        except WvcliError as error:
            refused += str(path) in error.message
        else:
            found.find("catdog")
            assert found.matrix.shape[0] == len(found)
    assert 0 < refused < 200


def test_broken_files_with_subwords_are_refused_or_read_as_they_stand(tmp_path: Path) -> None:
    formats.write(random_vectors(["the", "cat", "naïve", "猫", "</s>"]), tmp_path / "file", "fasttext")
    check_broken(tmp_path / "file", "fasttext", 2)


def test_words_are_cut_into_ngrams_as_their_bytes_are(tmp_path: Path) -> None:
    """What is read is the mean of the rows that `Subwords.buckets` names, one word at a time."""
    vectors, path = random_vectors(["cat", "naïve", "猫猫"]), tmp_path / "file"
    formats.write(vectors, path, "fasttext")
    with path.open("rb") as file:
        model = open_model(file, path)
    inputs: ByteArray = model.inputs
    rows, found = inputs.view("<f4"), formats.read(path)
    assert found.subwords is not None
    for place, word in enumerate(found):
        parts = [rows[place], *(rows[3 + bucket] for bucket in found.subwords.buckets(word))]
        np.testing.assert_allclose(found[word], np.mean(parts, axis=0), atol=1e-6)
