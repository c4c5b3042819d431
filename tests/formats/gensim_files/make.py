"""Made the files beside it: run with the Python of each Gensim, `python make.py`, in this folder.

Gensim 3.8.3 on Python 3.8, 4.1.2 on 3.8 and 4.3.3 on 3.11 were used. `VERSION.json` holds what that Gensim itself
answered.
"""

import json
from typing import Any

import gensim
from gensim.models import FastText, Word2Vec

TEXTS = [["the", "cat", "naïve", "猫"], ["the", "dog", "new york", "cat"], ["the", "dog", "𝔘", "fish"]] * 4
OUTSIDE = ["cats", "猫犬"]
version = gensim.__version__
old = version.startswith("3")


def train(kind: Any, **options: Any) -> Any:
    sizes = {"size": 6, "iter": 2} if old else {"vector_size": 6, "epochs": 2}
    model = kind(TEXTS, min_count=1, seed=3, workers=1, **sizes, **options)
    model.lifecycle_events = model.wv.lifecycle_events = None
    return model


def answers(model: Any) -> dict[str, Any]:
    words = list(model.wv.index2word if old else model.wv.index_to_key)
    counts = [model.wv.vocab[word].count if old else int(model.wv.get_vecattr(word, "count")) for word in words]
    asked = words + (OUTSIDE if isinstance(model, FastText) else [])
    return {"words": words, "counts": counts, "vectors": {word: model.wv[word].tolist() for word in asked}}


def make() -> None:
    word2vec = train(Word2Vec, sg=1, negative=2)
    tree = train(Word2Vec, hs=1, negative=0)
    fasttext = train(FastText, min_n=2, max_n=4, bucket=30)
    word2vec.save(f"{version}.word2vec.model", sep_limit=10)
    tree.wv.save(f"{version}.tree.kv")
    fasttext.save(f"{version}.fasttext.model")
    fasttext.wv.save(f"{version}.fasttext.kv", separately=["vectors_vocab", "vectors_ngrams"])
    with open(f"{version}.json", "w", encoding="utf-8") as file:
        models = {"word2vec": word2vec, "tree": tree, "fasttext": fasttext}
        json.dump({name: answers(model) for name, model in models.items()}, file, ensure_ascii=False)


if __name__ == "__main__":
    make()
