from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from gensim.models import FastText, Word2Vec

from tests.tokens.corpora import sentences
from tests.training.engines.runs import BASE, SUBWORDS, encode, make_texts, train
from wvcli.errors import WvcliError
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training import engines
from wvcli.training.settings import TrainSettings


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    return encode(make_texts(), tmp_path_factory.mktemp("corpus"))


def plain_gensim(corpus: EncodedCorpus, settings: TrainSettings) -> dict[str, npt.NDArray[np.float32]]:
    """Return the arrays that Gensim trains by itself, used so that none of its traps is stepped into."""
    options: dict[str, Any] = {
        "vector_size": settings.dim,
        "window": settings.window,
        "shrink_windows": not settings.fixed_window,
        "min_count": 1,
        "sg": int(settings.architecture == "skipgram"),
        "hs": int(settings.loss == "hierarchical"),
        "negative": settings.negative if settings.loss == "negative" else 0,
        "sorted_vocab": 0,
        "ns_exponent": settings.noise_exponent,
        "sample": settings.sample,
        "alpha": settings.alpha,
        "min_alpha": settings.min_alpha,
        "seed": settings.seed,
        "workers": 1,
        "epochs": settings.epochs,
    }
    if settings.algorithm == "fasttext":
        options |= {"min_n": settings.min_n, "max_n": settings.max_n, "bucket": settings.buckets}
    model = (FastText if settings.algorithm == "fasttext" else Word2Vec)(**options)
    model.build_vocab_from_freq(dict(zip(corpus.words, corpus.counts.tolist(), strict=True)))
    model.train(list(sentences(corpus)), total_words=corpus.tokens_kept, epochs=model.epochs)
    tensors = {"vectors": model.wv.vectors}
    tensors["output.hierarchical" if model.hs else "output.negative"] = model.syn1 if model.hs else model.syn1neg
    if settings.algorithm == "fasttext":
        tensors |= {"subwords.vectors": model.wv.vectors_ngrams, "input.words": model.wv.vectors_vocab}
    return tensors


# Every setting that bears on training, each away from its usual value.
VARIANTS = {
    "nothing": {},
    "architecture": {"architecture": "cbow"},
    "loss": {"loss": "hierarchical"},
    "dim": {"dim": 9},
    "window": {"window": 1},
    "fixed_window": {"fixed_window": True},
    "epochs": {"epochs": 5},
    "negative": {"negative": 1},
    "noise_exponent": {"noise_exponent": -0.5},
    "sample": {"sample": 0.0},
    "alpha": {"alpha": 0.1},
    "min_alpha": {"min_alpha": 0.0},
    "a constant learning rate": {"min_alpha": 0.025},
    "seed": {"seed": 2**32 - 1},
}
FASTTEXT_VARIANTS = VARIANTS | {"min_n": {"min_n": 1}, "max_n": {"max_n": 6}, "buckets": {"buckets": 50}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "change"),
    [pytest.param(BASE, change, id=f"word2vec, {name}") for name, change in VARIANTS.items()]
    + [pytest.param(SUBWORDS, change, id=f"fasttext, {name}") for name, change in FASTTEXT_VARIANTS.items()],
)
def test_each_setting_trains_as_in_gensim(
    corpus: EncodedCorpus, base: TrainSettings, change: dict[str, Any]
) -> None:
    settings = replace(base, **change)
    ours, theirs = train(corpus, settings, "gensim").tensors, plain_gensim(corpus, settings)
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
        assert ours[name].dtype == np.float32
    if change:
        other = train(corpus, base, "gensim").tensors["vectors"]
        same_shape = other.shape == ours["vectors"].shape
        assert not (same_shape and np.allclose(other, ours["vectors"], rtol=1e-4, atol=1e-6))


@pytest.mark.parametrize("sample", [0.0, 0.01])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_text_that_gensim_drops_silently_fails_the_run(tmp_path: Path, base: TrainSettings, sample: float) -> None:
    """Were a text not split, Gensim would drop its end, and count it as trained."""
    text = [f"w{n % 500}" for n in range(12_000)]
    corpus = encode([text] * 3, tmp_path, longest_text=12_000)
    assert max(map(len, sentences(corpus))) == 12_000
    with pytest.raises(WvcliError, match="did not train on the whole text: it took 36,000 of 36,000"):
        train(corpus, replace(base, epochs=1, sample=sample), "gensim")


def last_rate(path: Path, **text: Any) -> float:
    """The learning rate at which Gensim trained the last line of a text with two workers, from .025 to .0001.

    Its words are in no other line. An output vector begins as zeros, so the first step makes it half the learning
    rate times the other word's vector.
    """
    model = Word2Vec(vector_size=8, sg=1, negative=1, ns_exponent=3, window=1, min_count=1, sample=0, workers=2)
    model.build_vocab(corpus_file=str(path))
    before = model.wv["x"].copy()
    model.train(total_words=model.corpus_total_words, epochs=1, **text)
    return 2 * float(model.syn1neg[model.wv.key_to_index["y"]] @ before / (before @ before))


def test_with_corpus_file_gensim_ends_at_a_higher_learning_rate(tmp_path: Path) -> None:
    """Each worker reckons its progress by its own share of the whole text; wvcli does without `corpus_file`."""
    lines = [["a", "b"]] * 100_000 + [["x", "y"]]
    path = tmp_path / "text"
    path.write_text("".join(" ".join(line) + "\n" for line in lines))
    assert last_rate(path, corpus_file=str(path)) > 0.012
    assert last_rate(path, corpus_iterable=lines) < 0.005


def test_the_packages_that_trained_are_named() -> None:
    import gensim

    assert engines.registry.get("gensim").versions() == {
        "gensim": gensim.__version__,
        "numpy": np.__version__,
    }
