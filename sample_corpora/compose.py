"""Compose the sample corpora again: ``python sample_corpora/compose.py`` rewrites the three files."""

from pathlib import Path

import chinese
import english
import reviews

FOLDER = Path(__file__).resolve().parent
SEED = 20240607


def write(name: str, lines: list[str]) -> None:
    """Write the lines to a file of this folder."""
    (FOLDER / name).write_bytes(("\n".join(lines) + "\n").encode("utf-8"))


def main() -> None:
    """Write the three files."""
    write("english.txt", english.compose(SEED))
    write("chinese.txt", chinese.compose(SEED))
    write("reviews.tsv", reviews.compose(SEED))


if __name__ == "__main__":
    main()
