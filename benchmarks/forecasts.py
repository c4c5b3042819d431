"""How near `wvcli train --dry-run` comes to the run itself, in time and in peak memory.

    python benchmarks/forecasts.py TEXT... [--megabytes 2 10 30] [--epochs 2] [--algorithms word2vec fasttext]

The beginning of each text, in several sizes, is forecast and then trained with each algorithm, in processes of
their own. A size that a text does not reach is left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from time import perf_counter

WVCLI = [sys.executable, "-m", "wvcli"]
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def head(text: Path, size: int, target: Path) -> None:
    """Copy the first lines of a text, so many bytes or a little more."""
    with text.open("rb") as source, target.open("wb") as out:
        while out.tell() < size and (line := source.readline()):
            out.write(line)


def compared(text: Path, settings: list[str]) -> tuple[float, float]:
    """Print a forecast and the truth; gives the ratios of time and of memory."""
    command = ["train", str(text), *settings, "-q", "-o", str(text.with_suffix(".safetensors"))]
    said = subprocess.run(
        [*WVCLI, *command, "--dry-run", "--format", "json"], check=True, capture_output=True, text=True
    )
    forecast = json.loads(said.stdout)
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *WVCLI, *command, "-f"], check=True, capture_output=True, text=True
    )
    seconds, memory = perf_counter() - start, int(done.stdout)
    ratios = forecast["seconds"] / seconds, forecast["memory"] / memory
    print(
        f"{text.name} {text.stat().st_size / 1e6:.0f} MB {settings[1]}: "
        f"time {forecast['seconds']:.1f} s forecast, {seconds:.1f} s taken ({ratios[0]:.2f}); "
        f"memory {forecast['memory'] / 1e6:,.0f} MB forecast, {memory / 1e6:,.0f} MB taken ({ratios[1]:.2f})",
        flush=True,
    )
    return ratios


def main() -> None:
    """Print forecast, truth and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--megabytes", nargs="+", type=int, default=[2, 10, 30])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--algorithms", nargs="+", default=["word2vec", "fasttext"])
    options = parser.parse_args()
    ratios = []
    for text in options.texts:
        sizes = [size for size in options.megabytes if size * 1e6 <= text.stat().st_size]
        for size, algorithm in product(sizes, options.algorithms):
            with tempfile.TemporaryDirectory() as folder:
                part = Path(folder) / text.name
                head(text, size * 1_000_000, part)
                ratios.append(compared(part, ["--algorithm", algorithm, "--epochs", str(options.epochs)]))
    for what, column in zip(("time", "memory"), zip(*ratios, strict=True), strict=True):
        print(f"{what}: forecasts are {min(column):.2f} to {max(column):.2f} of the truth")


if __name__ == "__main__":
    main()
