"""What fastText, word2vec, Gensim and others call commands, options and choices, and what does the same here."""

import re
from collections.abc import Collection

_COMMANDS = {
    # training
    "skipgram": "use wvcli train corpus.txt --algorithm fasttext",
    "cbow": "use wvcli train corpus.txt --algorithm fasttext --architecture cbow",
    "word2vec": "use wvcli train corpus.txt --algorithm word2vec",
    "fasttext": "use wvcli train corpus.txt --algorithm fasttext",
    "glove": "use wvcli train corpus.txt --algorithm glove",
    "fit": "use wvcli train corpus.txt",
    "word2phrase": "use wvcli train corpus.txt --phrases",
    "autotune": "use wvcli tune corpus.txt --set pairs.tsv --minutes 10",
    "optimize": "use wvcli tune corpus.txt --set pairs.tsv --minutes 10",
    "grid-search": "use wvcli tune corpus.txt --set pairs.tsv --minutes 10",
    "finetune": "use wvcli update corpus.safetensors more.txt",
    "resume": "use wvcli train corpus.txt --resume",
    "supervised": "wvcli trains no classifier; vectors for one are written by wvcli export vectors.npz",
    # questions
    "nn": "use wvcli similar cat",
    "knn": "use wvcli similar cat",
    "neighbor": "use wvcli similar cat",
    "neighbors": "use wvcli similar cat",
    "neighbour": "use wvcli similar cat",
    "neighbours": "use wvcli similar cat",
    "nearest": "use wvcli similar cat",
    "nearest-neighbors": "use wvcli similar cat",
    "most-similar": "use wvcli similar cat",
    "similar-by-word": "use wvcli similar cat",
    "synonyms": "use wvcli similar cat",
    "distance": "use wvcli similarity cat dog",
    "cosine": "use wvcli similarity cat dog",
    "explain": "use wvcli similarity cat dog --explain",
    "analogies": "use wvcli analogy cat kitten dog",
    "word-analogy": "use wvcli analogy cat kitten dog",
    "doesnt-match": "use wvcli odd-one-out cat dog bread",
    "get-vector": "use wvcli vector cat",
    "print-sentence-vectors": "use wvcli embed - --format plain < texts.txt",
    "sentence-vectors": "use wvcli embed 'the cat sat'",
    "encode": "use wvcli embed 'the cat sat'",
    "print-word-vectors": "use wvcli vector - --format plain < words.txt",
    "vectors": "use wvcli vector cat",
    "words": "use wvcli vocab",
    "vocabulary": "use wvcli vocab",
    # evaluation
    "test": "use wvcli evaluate --set pairs.tsv",
    "eval": "use wvcli evaluate",
    "benchmark": "use wvcli evaluate",
    "accuracy": "use wvcli evaluate",
    "compute-accuracy": "use wvcli evaluate",
    "evaluate-word-analogies": "use wvcli evaluate --set questions-words.txt",
    "evaluate-word-pairs": "use wvcli evaluate --set wordsim353.tsv",
    "diff": "use wvcli compare old.safetensors new.safetensors",
    # files
    "convert": "use wvcli export vectors.bin vectors.glove.txt",
    "save": "use wvcli export vectors.bin",
    "dump": "use wvcli export vectors.txt",
    "load": "use wvcli import vectors.bin",
    "quantize": "use wvcli export vectors.npz --dtype int8",
    "plot": "use wvcli export vectors.tsv --to projector",
    "tsne": "use wvcli export vectors.tsv --to projector",
    "visualize": "use wvcli export vectors.tsv --to projector",
    "show": "use wvcli info",
    "stats": "use wvcli info",
    "list": "use wvcli models",
    "ls": "use wvcli models",
    "repl": "use wvcli shell",
    "interactive": "use wvcli shell",
    "help": "use wvcli --help",
    "version": "use wvcli --version",
}

_ARGUMENT = "the text is named without an option: wvcli train corpus.txt"
_OPTIONS = {  # in lower case, without dashes and underscores; the first that a command has is meant
    "input": (_ARGUMENT,),
    "train": (_ARGUMENT,),
    "corpusfile": (_ARGUMENT,),
    "saveto": ("--output",),
    "out": ("--output",),
    "size": ("--dim",),
    "vectorsize": ("--dim",),
    "dimension": ("--dim",),
    "dimensions": ("--dim",),
    "mincount": ("--min-count",),
    "ws": ("--window",),
    "windowsize": ("--window",),
    "epoch": ("--epochs",),
    "iter": ("--epochs",),
    "iterations": ("--epochs",),
    "lr": ("--alpha",),
    "learningrate": ("--alpha",),
    "eta": ("--alpha",),
    "neg": ("--negative",),
    "nsexponent": ("--noise-exponent",),
    "hs": ("--loss hierarchical",),
    "sg": ("--architecture skipgram",),
    "skipgram": ("--architecture skipgram",),
    "cbow": ("--architecture cbow",),
    "t": ("--sample",),
    "subsample": ("--sample",),
    "thread": ("--workers",),
    "threads": ("--workers",),
    "jobs": ("--workers",),
    "bucket": ("--buckets",),
    "minn": ("--min-n",),
    "maxn": ("--max-n",),
    "maxvocabsize": ("--max-vocab",),
    "maxfinalvocab": ("--max-vocab",),
    "vocabsize": ("--max-vocab",),
    "pretrainedvectors": ("--init",),
    "lower": ("--lowercase",),
    "key": ("--field",),
    "textcolumn": ("--column",),
    "sep": ("--delimiter",),
    "separator": ("--delimiter",),
    "overwrite": ("--force",),
    "threshold": ("--min-similarity",),
    "minscore": ("--min-similarity",),
    "topn": ("-n",),
    "topk": ("-n",),
    "top": ("-n",),
    "k": ("-n",),
    "limit": ("-n",),
    "count": ("-n",),
    "restrictvocab": ("--restrict-top",),
    "binary": ("--to word2vec",),
    "classes": ("--clusters", "wvcli export FILE --clusters N"),
    "json": ("--format json",),
    "csv": ("--format csv",),
}

_ARCHITECTURES = {
    **dict.fromkeys(("skipgram", "skip-gram", "sg"), "--architecture skipgram"),
    **dict.fromkeys(("cbow", "continuous-bag-of-words"), "--architecture cbow"),
}
_ALGORITHMS = {
    **dict.fromkeys(("word2vec", "w2v"), "--algorithm word2vec"),
    **dict.fromkeys(("fasttext", "fast-text", "ft", "subword", "subwords"), "--algorithm fasttext"),
    "glove": "--algorithm glove",
}
_LOSSES = {
    **dict.fromkeys(("ns", "neg", "sgns", "negative-sampling"), "--loss negative"),
    **dict.fromkeys(("hs", "hsoftmax", "hierarchical-softmax"), "--loss hierarchical"),
}
_VALUES = {  # of options, with `-` for `_`
    "--algorithm": _ALGORITHMS | _ARCHITECTURES,
    "--architecture": _ARCHITECTURES | _ALGORITHMS,
    "--loss": _LOSSES,
    "--engine": {"numba": "--engine fast", "cython": "--engine gensim"},
    "--format": {
        **dict.fromkeys(("text", "txt", "word2vec"), "--format plain"),
        **dict.fromkeys(("tab", "tabs"), "--format tsv"),
        **dict.fromkeys(("ndjson", "json-lines", "jsonlines"), "--format jsonl"),
    },
    "--missing": {
        **dict.fromkeys(("ignore", "drop"), "--missing skip"),
        **dict.fromkeys(("zero", "zeros", "none", "nan", "na"), "--missing null"),
        **dict.fromkeys(("fail", "raise", "strict"), "--missing error"),
        **dict.fromkeys(("subwords", "oov", "ngrams", "fasttext"), "--missing subword"),
    },
    "--method": {
        **dict.fromkeys(("3cosadd", "cosadd", "cosine"), "--method add"),
        **dict.fromkeys(("3cosmul", "cosmul", "mul"), "--method multiply"),
    },
    "--dtype": {
        **dict.fromkeys(("float", "f4", "fp32"), "--dtype float32"),
        **dict.fromkeys(("half", "f2", "fp16"), "--dtype float16"),
    },
    "--phrase-scorer": {"default": "--phrase-scorer original", "mikolov": "--phrase-scorer original"},
}


def command_like(name: str) -> str | None:
    """Return a hint at the command that does what `name` does elsewhere, or None."""
    return _COMMANDS.get(name.lower().replace("_", "-"))


def option_like(name: str, command: str, known: Collection[str]) -> str | None:
    """Return a hint at the option that does what `name` does elsewhere, or None.

    Args:
        name: an option as it was written: `-minCount`, `--vector_size`.
        command: the command that does not have it.
        known: the options that it has.
    """
    own = f"--{re.sub('(?<=[a-z])(?=[A-Z])', '-', name.lstrip('-')).lower().replace('_', '-')}"
    meant: tuple[str, ...] = _OPTIONS.get(re.sub("[-_]", "", name).lower(), ())
    for option in (own, *meant) if len(name) > 2 else meant:
        if option.startswith("-"):
            if option.partition(" ")[0] in known:
                return f"did you mean {option}?"
        elif f"wvcli {command} " in option:
            return option
    return None


def value_like(option: str, value: str) -> str | None:
    """Return the option and choice that do what `value` does elsewhere, or None.

    Args:
        option: that it was given to: `--algorithm`.
        value: in lower case: `cbow`.
    """
    return _VALUES.get(option, {}).get(value.replace("_", "-"))
