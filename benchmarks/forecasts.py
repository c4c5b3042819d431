"""How near `wvcli train --dry-run` comes to the run itself, in time and in peak memory.

    python benchmarks/forecasts.py TEXT... [--epochs 2]

Each text is forecast and then trained, Word2Vec and FastText, in processes of their own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

WVCLI = [sys.executable, "-m", "wvcli"]
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def main() -> None:
    """Print forecast, truth and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    for text in options.texts:
        for algorithm in ("word2vec", "fasttext"):
            settings = ["train", str(text), "--epochs", str(options.epochs), "--algorithm", algorithm, "-q"]
            with tempfile.TemporaryDirectory() as folder:
                output = ["-o", str(Path(folder) / "model.safetensors")]
                said = subprocess.run(
                    [*WVCLI, *settings, *output, "--dry-run", "--format", "json"],
                    check=True, capture_output=True, text=True,
                )  # fmt: skip
                forecast = json.loads(said.stdout)
                start = perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", PEAK, *WVCLI, *settings, *output],
                    check=True, capture_output=True, text=True,
                )  # fmt: skip
                seconds, memory = perf_counter() - start, int(done.stdout)
            print(
                f"{text.name} {algorithm}: time {forecast['seconds']:.0f} s forecast, {seconds:.0f} s taken "
                f"({forecast['seconds'] / seconds:.2f}); memory {forecast['memory'] / 1e6:,.0f} MB forecast, "
                f"{memory / 1e6:,.0f} MB taken ({forecast['memory'] / memory:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
