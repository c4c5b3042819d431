"""Keras, TensorFlow and TensorFlow Hub load what is written and give the vectors of the words they are asked for.

TensorFlow takes seconds to import and warns of its own affairs, so all its tests are in this module.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from tests.clients import package
from tests.formats.neural import BOTH, DIM, HALF, MATRIX, PLAIN, ROW, WORDS, expected, export_words
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Writing
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

pytestmark = [pytest.mark.client, pytest.mark.filterwarnings("ignore")]
HUB = "pip install 'setuptools<81' && pip install --no-deps tensorflow-hub tf-keras"

PAD, UNKNOWN = Writing(pad=0), Writing(unknown=0)
WAYS = pytest.mark.parametrize(
    "writing", [PLAIN, PAD, UNKNOWN, BOTH, HALF], ids=["plain", "pad", "unknown", "both", "float16"]
)
ASKED = [*WORDS, "nowhere", "CAT"]  # the last two are not in the vocabulary


@pytest.fixture
def tf() -> Any:
    return package("tensorflow")


def unknown_vector(writing: Writing) -> FloatArray:
    """float32 [dim], what a word outside the vocabulary is to have."""
    return np.zeros(DIM, np.float32) if writing.unknown is None else expected(writing)[writing.unknown]


def expected_answers(writing: Writing) -> FloatArray:
    """float32 [words, dim], what the words of `ASKED` are to have."""
    return np.concatenate([expected(writing), [unknown_vector(writing)] * 2])


@WAYS
def test_keras_loads_a_model_from_words_to_vectors(tf: Any, tmp_path: Path, writing: Writing) -> None:
    notes = export_words(tmp_path / "words.keras", writing)
    model = package("keras").models.load_model(tmp_path / "words.keras")
    found = model(tf.constant([ASKED, ASKED[::-1]])).numpy()
    assert found.dtype == writing.dtype
    assert (found == [expected_answers(writing), expected_answers(writing)[::-1]]).all()
    lookup, embedding = model.layers
    assert embedding.mask_zero == (writing.pad is not None)
    ids = lookup(tf.constant(ASKED)).numpy()
    if writing.unknown is None:
        added = 0 if writing.pad is None else 1
        assert notes == [f"row {added}, of zeros, was added for words outside the vocabulary"]
        assert ids.tolist() == [row + (row >= added) for row in range(len(WORDS))] + [added, added]
    else:
        assert notes == []
        assert ids.tolist() == [*range(len(WORDS)), writing.unknown, writing.unknown]
    assert [str(word) for word in lookup.get_vocabulary()][ids[ROW["猫"]]] == "猫"


@pytest.mark.parametrize("trainable", [True, False])
def test_the_embedding_layer_of_keras_is_trained_or_kept(tf: Any, tmp_path: Path, trainable: bool) -> None:
    keras = package("keras")
    export_words(tmp_path / "words.keras", BOTH)
    embedding = keras.models.load_model(tmp_path / "words.keras").get_layer("embedding")
    embedding.trainable = trainable
    model = keras.Sequential([embedding, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(tf.constant([[ROW["cat"], ROW["猫"], 0]]), tf.constant([[3.0]]), verbose=0)
    moved = (embedding.get_weights()[0] != MATRIX).any(axis=1)
    assert set(np.flatnonzero(moved)) == ({ROW["cat"], ROW["猫"]} if trainable else set())


def test_numbers_are_in_a_keras_file_once(tmp_path: Path, tf: Any) -> None:
    vectors = Vectors(
        Vocabulary.from_words([f"w{row}" for row in range(1000)]),
        np.random.default_rng(1).normal(size=(1000, 100)).astype(np.float32),
    )
    formats.write(vectors, tmp_path / "words.keras")
    with ZipFile(tmp_path / "words.keras") as archive:
        assert len(archive.read("config.json")) < 50_000
        assert sum(member.file_size for member in archive.infolist()) < 1.2 * vectors.matrix.nbytes


@WAYS
def test_tensorflow_loads_a_function_from_words_to_vectors(tf: Any, tmp_path: Path, writing: Writing) -> None:
    assert export_words(tmp_path / "words.savedmodel", writing) == []
    loaded = tf.saved_model.load(str(tmp_path / "words.savedmodel"))
    assert (loaded(tf.constant(ASKED)).numpy() == expected_answers(writing)).all()
    assert (
        loaded(tf.constant([ASKED[:2], ASKED[2:4]])).numpy() == expected_answers(writing)[:4].reshape(2, 2, -1)
    ).all()
    assert (loaded(tf.constant("cat")).numpy() == expected_answers(writing)[ROW["cat"]]).all()
    [served] = loaded.signatures["serving_default"](words=tf.constant(ASKED)).values()
    assert served.dtype == tf.float32
    assert (served.numpy() == expected_answers(writing)).all()
    assert loaded.embeddings.dtype == writing.dtype
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(loaded(tf.constant(["dog", "nowhere"])))
    learned = tf.convert_to_tensor(tape.gradient(total, loaded.embeddings)).numpy().any(axis=1)
    rows = {ROW["dog"]} | (set() if writing.unknown is None else {writing.unknown})
    assert set(np.flatnonzero(learned)) == rows


@WAYS
def test_tensorflow_hub_loads_a_function_from_texts_to_vectors(tf: Any, tmp_path: Path, writing: Writing) -> None:
    hub = package("tensorflow_hub", HUB)
    assert export_words(tmp_path / "words.tfhub", writing) == [
        "words with spaces are not found, since texts are split at spaces: 4 in all, such as 'new york'"
    ]
    texts = ["cat", " 猫\tdog\n cat ", "cat nowhere dog nowhere", "", " \n", "nowhere"]
    found = hub.load(str(tmp_path / "words.tfhub"))(tf.constant(texts)).numpy()
    assert found.dtype == np.float32
    for vector, text in zip(found, texts, strict=True):
        words = [word for word in text.split() if writing.unknown is not None or word in ROW]
        rows = [expected(writing)[ROW.get(word, writing.unknown)] for word in words]
        wanted = np.sum(rows, axis=0) / np.sqrt(len(rows)) if rows else np.zeros(DIM)
        np.testing.assert_allclose(vector, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("unknown", [None, 0])
def test_a_large_variable_is_put_together_of_parts(tf: Any, tmp_path: Path, unknown: int | None) -> None:
    words = [f"w\\{row}" for row in range(20_000)]
    matrix = np.random.default_rng(2).standard_normal((len(words), 900), dtype=np.float32)  # 72 MB
    vectors = Vectors(Vocabulary.from_words(words), matrix)
    formats.write(vectors, tmp_path / "words.savedmodel", writing=Writing(unknown=unknown))
    folder = tmp_path / "words.savedmodel"
    assert len(list((folder / "variables").glob("variables.data-0000?-of-00002"))) == 2
    assert len(list((folder / "variables").iterdir())) == 3
    assert (folder / "assets" / "words.txt").read_text().split() == words
    loaded = tf.saved_model.load(str(folder))
    assert loaded.embeddings.shape == matrix.shape
    assert (loaded.embeddings.numpy() == matrix).all()
    assert (loaded(tf.constant([*words, "w\\\\1"])).numpy()[:-1] == matrix).all()
    assert [path.name for path in tmp_path.iterdir()] == ["words.savedmodel"]


_GROWTH = """
import resource, sys
import numpy as np
from pathlib import Path
from wvcli import formats
from wvcli.vectors.lazy import Lazy
from wvcli.vectors.word_vectors import Vectors
from wvcli.vectors.vocabulary import Vocabulary
block = np.random.default_rng(1).standard_normal((1_000, 1_000), dtype=np.float32)
for name in ("keras", "tensorflow"):
    peaks = []
    for rows in (1_000, 100_000):
        vocabulary = Vocabulary.from_words([f"w{row}" for row in range(rows)])
        matrix = Lazy(block, np.arange(rows) % len(block))
        target = Path(sys.argv[1], f"{name}{rows}")
        formats.write(Vectors(vocabulary, matrix), target, name)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(peaks[1] - peaks[0])
"""


def test_the_numbers_are_never_in_memory_together(tf: Any, tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system does not tell a program's peak of memory")
    command = [sys.executable, "-c", _GROWTH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    unit = 1 if sys.platform == "darwin" else 1024
    for growth in map(int, done.stdout.split()):
        assert growth * unit < 250e6  # the numbers have 400 MB


def test_a_word_that_keras_would_cut_is_refused(tf: Any, tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["a", "b\0"]), np.ones((2, 3), np.float32))
    with pytest.raises(WvcliError, match="would drop the NUL at the end of a word"):
        formats.write(vectors, tmp_path / "words.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trainable", [True, False])
def test_a_layer_of_tensorflow_hub_is_trained_or_kept(tf: Any, tmp_path: Path, trainable: bool) -> None:
    hub, keras = package("tensorflow_hub", HUB), package("tf_keras", HUB)
    export_words(tmp_path / "words.tfhub")
    layer = hub.KerasLayer(str(tmp_path / "words.tfhub"), trainable=trainable, input_shape=[], dtype=tf.string)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(tf.constant(["cat", "cat 猫"]), tf.constant([[5.0], [-5.0]]), verbose=0)
    moved = (layer.variables[0].numpy() != MATRIX).any(axis=1)
    assert set(np.flatnonzero(moved)) == ({ROW["cat"], ROW["猫"]} if trainable else set())


@pytest.mark.parametrize("name", ["words.keras", "words.savedmodel", "words.tfhub"])
def test_what_is_only_written_is_named_when_it_is_to_be_read(tf: Any, tmp_path: Path, name: str) -> None:
    export_words(tmp_path / name)
    with pytest.raises(InputError, match="which wvcli can write but not read"):
        formats.read(tmp_path / name)


@pytest.mark.parametrize("name", ["keras", "tensorflow", "tfhub"])
def test_a_full_disk_leaves_nothing_and_is_told_in_a_line(tf: Any, tmp_path: Path, name: str) -> None:
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    vectors = Vectors(Vocabulary.from_words(map(str, range(1_000))), np.ones((1_000, 400), np.float32))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(WvcliError, match=r"cannot write .*words: file too large"):
            formats.write(vectors, tmp_path / "words", name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
