"""Two models that say the same in two languages: the vectors of one are the other's, turned and disturbed."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.against_gensim import Matrix, vectors_of
from wvcli.models import model_file
from wvcli.vectors.word_vectors import Vectors


@dataclass(frozen=True)
class Languages:
    """Two models, and which words mean the same.

    Attributes:
        source: has the words s0, s1, ... in the order of their counts.
        target: has the words t0, t1, ... where tN is the translation of sN, in another order.
    """

    source: Vectors
    target: Vectors

    def dictionary(self, file: Path, numbers: range) -> Path:
        """Write the pairs of some words as a dictionary."""
        file.write_text("".join(f"s{number}\tt{number}\n" for number in numbers), encoding="utf-8")
        return file

    def in_files(self, folder: Path) -> "Languages":
        """Save both models and open them from their files."""
        opened = []
        for name, vectors in (("en", self.source), ("fr", self.target)):
            path = folder / f"{name}.safetensors"
            model_file.save(path, model_file.vector_tensors(vectors), {"settings": {}, "tokenizer": {}})
            opened.append(model_file.open_model(path).vectors())
        return Languages(*opened)

    def right(self, translations: list[list[str]]) -> float:
        """The share of the words of the source, in their order, whose first translation is right."""
        pairs = zip(self.source, translations, strict=True)
        return sum(found[0][1:] == word[1:] for word, found in pairs) / len(translations)


def languages(words: int = 400, dim: int = 16, noise: float = 0.0, target_dim: int | None = None) -> Languages:
    """Two models of `words` words; the target's vectors are turned, and `noise` times as long noise is added."""
    rng = np.random.default_rng(7)
    centers = rng.normal(size=(12, dim)) * np.linspace(2, 0.5, dim)
    scales = rng.uniform(0.5, 1.5, size=(words, 1))  # no two words are quite the same
    rows = centers[rng.integers(0, 12, words)] + scales * rng.normal(size=(words, dim))
    turned = rows @ np.linalg.qr(rng.normal(size=(dim, dim)))[0][:, : target_dim or dim]
    turned += noise * rng.normal(size=turned.shape) * np.linalg.norm(turned, axis=1, keepdims=True) / dim**0.5
    order = np.arange(words)
    for start in range(0, words, 50):  # frequent words stay frequent
        order[start : start + 50] = rng.permutation(order[start : start + 50])
    counts = np.sort(rng.integers(1, 10_000, words))[::-1].astype(np.int64)
    return Languages(
        _vectors(rows, [f"s{number}" for number in range(words)], counts),
        _vectors(turned[order], [f"t{number}" for number in order.tolist()], counts),
    )


def _vectors(rows: Matrix, words: list[str], counts: np.ndarray) -> Vectors:  # type: ignore[type-arg]
    return replace(vectors_of(rows, words), counts=counts)
