"""Peak memory of training: on a large text with many words, and under a limit far below the text's size.

    python benchmarks/limits.py [--bytes 1000000000] [--growth 0.65] [--dim 100]

The text is composed: words of syllables, drawn so that their number grows as a power of the text's length (Heaps'
law). Peaks are of the main process; weights are the input and output matrices, and FastText's n-grams.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

_BLOCK = 500_000  # tokens composed at a time
_LINE = 20  # tokens
_SYLLABLES = np.frombuffer(
    "".join(c + v for c in "bcdfghjklmnpqrstvwxz" for v in "aeiou").encode(), dtype=np.uint8
).reshape(-1, 2)
_LONGEST = 5  # syllables, for 10 ** 10 words


def compose(path: Path, size: int, growth: float) -> None:
    """Write a text of about `size` bytes whose vocabulary grows as the power `growth` of its length."""
    random = np.random.default_rng(1)
    power = growth / (1 - growth)  # of the rank in Zipf's law, less one: the tail of ranks falls as its inverse
    places = len(_SYLLABLES) ** np.arange(_LONGEST)
    with path.open("wb") as file:
        while file.tell() < size:
            ranks = random.random(_BLOCK) ** -power
            numbers = np.minimum(ranks, len(_SYLLABLES) ** _LONGEST - 1).astype(np.int64)
            letters = _SYLLABLES[numbers[:, None] // places % len(_SYLLABLES)]
            letters[numbers[:, None] < np.append(0, places[1:])] = 0
            ends = np.where(np.arange(_BLOCK) % _LINE == _LINE - 1, ord("\n"), ord(" ")).astype(np.uint8)
            block = np.column_stack([letters.reshape(_BLOCK, -1), ends])
            file.write(block[block > 0].tobytes())


def trained(text: Path, options: list[str], limit: int | None = None) -> tuple[int, dict[str, object]]:
    """Peak bytes of a run, and what `wvcli info` says of its model; a limit is of a process's data."""
    model = text.with_suffix(".safetensors")
    command = [sys.executable, "-m", "wvcli"]

    def bound() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    process = subprocess.Popen(
        [*command, "train", str(text), "-o", str(model), "-f", "-q", *options], preexec_fn=bound
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"wvcli train ended with exit code {process.returncode}")
    info = subprocess.run([*command, "info", str(model), "--format", "json"], check=True, capture_output=True)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), json.loads(info.stdout)


def weights(info: dict[str, object]) -> int:
    """Bytes of the matrices that are trained."""
    settings = info["settings"]
    assert isinstance(settings, dict)
    rows = 2 * int(str(info["words"])) + (settings["buckets"] or 0)
    return 4 * rows * int(settings["dim"])


def main() -> None:
    """Print peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--growth", type=float, default=0.65)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--algorithm", default="word2vec")
    parser.add_argument("--architecture", default="cbow")  # trains faster, in the same memory
    parser.add_argument("--limit", type=int, default=500_000_000, help="bytes of data for the second run")
    parser.add_argument("--times", type=int, default=3, help="how often the second text holds the limit")
    options = parser.parse_args()
    same = ["--epochs", "1", "--architecture", options.architecture, "--checkpoint", "0"]
    chosen = ["--dim", options.dim, "--min-count", options.min_count, "--algorithm", options.algorithm]
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        compose(text, options.bytes, options.growth)
        start = perf_counter()
        peak, info = trained(text, [*same, *map(str, chosen)])
        print(
            f"{text.stat().st_size / 1e6:,.0f} MB of text, {info['words']:,} words: peak {peak / 1e6:,.0f} MB, "
            f"weights {weights(info) / 1e6:,.0f} MB, {(peak - weights(info)) / 1e6:,.0f} MB beyond them; "
            f"{perf_counter() - start:,.0f} s",
            flush=True,
        )
        compose(text, options.times * options.limit, 0.5)
        peak, info = trained(text, [*same, "--dim", "50", "--max-vocab", "20000"], options.limit)
        print(
            f"{text.stat().st_size / 1e6:,.0f} MB of text in {options.limit / 1e6:,.0f} MB of data: done, "
            f"peak {peak / 1e6:,.0f} MB"
        )


if __name__ == "__main__":
    main()
