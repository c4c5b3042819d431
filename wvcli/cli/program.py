"""The table of commands: for each its heading in the help, the page about it, and examples of its use."""

from typing import NamedTuple

from wvcli.errors import ExitCode

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 model or input missing, damaged or unreadable; "
    "4 a word is not in the vocabulary; 5 an optional extra is not installed, or Numba cannot be imported; "
    "130 interrupted."
)


class Entry(NamedTuple):
    """A command's row in the table.

    Attributes:
        heading: what it is listed under.
        page: its page in the documentation.
        examples: command lines that work, one after the other, in a folder with the text `corpus.txt`.
        has_own_threads: whether it divides its work among threads of its own, instead of multiplying large
            matrices all at once, for which BLAS has threads.
        failed: the exit code of a failure that has none of its own.
    """

    heading: str
    page: str
    examples: tuple[str, ...]
    has_own_threads: bool = False
    failed: ExitCode = ExitCode.FAILED

    @property
    def epilog(self) -> str:
        """What the help of the command ends with."""
        lines = (f"  $ {example}" for example in self.examples)
        return "\n".join(("Examples:", *lines, "", f"More: docs/{self.page}"))


COMMANDS = {  # in the order of the help
    "train": Entry(
        "Train",
        "training.md",
        ("wvcli train corpus.txt", "wvcli train corpus.txt --algorithm fasttext -o subwords.safetensors"),
    ),
    "update": Entry(
        "Train",
        "training.md",
        ("wvcli update corpus.safetensors corpus.txt --epochs 2 -o updated.safetensors",),
    ),
    "tune": Entry(
        "Train",
        "training.md",
        ("wvcli tune corpus.txt --epochs 5 --trials 2 -o tuned.safetensors",),
    ),
    "vector": Entry(
        "Ask", "asking.md", ("wvcli vector cat dog", "wvcli vector cat --format json"), has_own_threads=True
    ),
    "similar": Entry(
        "Ask", "asking.md", ("wvcli similar cat -n 5", "wvcli similar cat dog --together"), has_own_threads=True
    ),
    "analogy": Entry(
        "Ask",
        "asking.md",
        ("wvcli analogy cat kitten dog", "wvcli analogy --positive kitten dog --negative cat"),
        has_own_threads=True,
    ),
    "similarity": Entry(
        "Ask",
        "asking.md",
        ("wvcli similarity cat dog", "wvcli similarity cat dog --explain"),
        has_own_threads=True,
    ),
    "odd-one-out": Entry("Ask", "asking.md", ("wvcli odd-one-out cat dog bread parrot",), has_own_threads=True),
    "vocab": Entry("Ask", "asking.md", ("wvcli vocab -n 20", "wvcli vocab --grep 'ing$'"), has_own_threads=True),
    "shell": Entry("Ask", "asking.md", ("wvcli shell -m corpus.safetensors",)),
    "embed": Entry(
        "Apply",
        "searching.md",
        ("wvcli embed 'the cat sat' 'a dog lay'", "wvcli embed --file corpus.txt -o texts.npy"),
        has_own_threads=True,
    ),
    "search": Entry(
        "Apply",
        "searching.md",
        (
            "wvcli search 'a hungry cat' corpus.txt -n 3",
            "wvcli search 'a hungry cat' corpus.txt --hybrid --index corpus.index",
        ),
        has_own_threads=True,
    ),
    "grep": Entry(
        "Apply",
        "searching.md",
        ("wvcli grep cat corpus.txt", "wvcli grep -n -C 1 dog corpus.txt"),
        has_own_threads=True,
        failed=ExitCode.USAGE,
    ),
    "classify": Entry(
        "Apply",
        "classification.md",
        ("wvcli classify train reviews.tsv", "wvcli classify predict 'the soup was cold'"),
        has_own_threads=True,
    ),
    "evaluate": Entry(
        "Evaluate",
        "evaluation.md",
        ("wvcli evaluate corpus.safetensors", "wvcli evaluate corpus.safetensors updated.safetensors"),
        has_own_threads=True,
    ),
    "compare": Entry(
        "Evaluate",
        "evaluation.md",
        (
            "wvcli compare corpus.safetensors updated.safetensors -n 10",
            "wvcli compare corpus.safetensors updated.safetensors --summary",
        ),
    ),
    "map": Entry(
        "Evaluate",
        "map.md",
        ("wvcli map corpus.safetensors", "wvcli map --around cat -n 50 -o cat.svg"),
        has_own_threads=True,
    ),
    "align": Entry(
        "Translate",
        "translation.md",
        ("wvcli align corpus.safetensors updated.safetensors --identical", "wvcli models"),
        has_own_threads=True,
    ),
    "translate": Entry(
        "Translate",
        "translation.md",
        ("wvcli translate cat", "wvcli translate cat dog --reverse -n 1", "wvcli translate --all --mutual"),
        has_own_threads=True,
    ),
    "import": Entry(
        "Exchange",
        "formats.md",
        ("wvcli import vectors.txt", "wvcli import vectors.txt -n 1000 -o frequent.safetensors"),
    ),
    "export": Entry(
        "Exchange",
        "formats.md",
        (
            "wvcli export vectors.bin",
            "wvcli export vectors.bin vectors.glove.txt",
            "wvcli export frequent.npz -n 1000 --normalize",
        ),
    ),
    "formats": Entry("Exchange", "formats.md", ("wvcli formats",)),
    "info": Entry(
        "Manage", "model-file.md", ("wvcli info corpus.safetensors", "wvcli info --verify"), has_own_threads=True
    ),
    "models": Entry("Manage", "model-file.md", ("wvcli models",), has_own_threads=True),
    "index": Entry(
        "Manage", "asking.md", ("wvcli index", "wvcli similar cat --approximate"), has_own_threads=True
    ),
}

# The commands of the group `classify`, in the order of its help.
CLASSIFY = {
    "train": Entry(
        "Commands",
        "classification.md",
        (
            "wvcli classify train reviews.tsv",
            "wvcli classify train reviews.tsv --max-size 0.2 -o small.safetensors",
        ),
    ),
    "test": Entry(
        "Commands",
        "classification.md",
        ("wvcli classify test reviews.tsv", "wvcli classify test reviews.tsv --confusion"),
    ),
    "predict": Entry(
        "Commands",
        "classification.md",
        ("wvcli classify predict 'the soup was cold'", "wvcli classify predict --file corpus.txt --threshold 0.9"),
    ),
    "explain": Entry(
        "Commands",
        "classification.md",
        ("wvcli classify explain 'the soup was cold'", "wvcli classify explain -n 5"),
    ),
    "check": Entry("Commands", "classification.md", ("wvcli classify check reviews.tsv",)),
}
