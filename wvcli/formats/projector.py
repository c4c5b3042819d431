"""TensorBoard's Embedding Projector: a folder with `vectors.tsv`, `metadata.tsv` and `projector_config.pbtxt`.

`tensorboard --logdir FOLDER` shows it under "Projector"; the two `.tsv` files can also be loaded at
https://projector.tensorflow.org. `vectors.tsv` has a line for each vector, with tabs between its numbers;
`metadata.tsv` has a line for each word and, where counts are known, a second column and a header. A tab or a
line end inside a word is written as `_`, and so is a word of spaces alone, whose line would be skipped. Numbers
that are not finite would spoil the picture and are written as 0.
"""

from pathlib import Path

import numpy as np

from wvcli.formats._columns import column_blocks
from wvcli.formats._format import Format, Kept, Writing
from wvcli.vectors.decimals import format_rows
from wvcli.vectors.word_vectors import Vectors

_VECTORS, _METADATA, _CONFIG = "vectors.tsv", "metadata.tsv", "projector_config.pbtxt"
_CONTENT = f"""embeddings {{
  tensor_name: "words"
  tensor_path: "{_VECTORS}"
  metadata_path: "{_METADATA}"
}}
"""
_NUMBERS_AT_ONCE = 1 << 14
# What ends a line for Python's splitlines(), and the tab, which separates columns.
_TO_UNDERSCORES = dict.fromkeys(map(ord, "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"), "_")


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    path.mkdir()
    changed, not_finite = [], 0
    step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
    numbers, labels = path / _VECTORS, path / _METADATA
    with numbers.open("wb") as tensor, labels.open("w", encoding="utf-8", newline="\n") as metadata:
        if vectors.counts is not None:
            metadata.write("word\tcount\n")
        for words, counts, block in column_blocks(vectors, writing.dtype):
            finite = np.isfinite(block)
            if not finite.all():
                not_finite += int(np.count_nonzero(~finite.all(axis=1)))
                block = np.where(finite, block, np.float32(0))
            for start in range(0, len(words), step):
                rows = format_rows(block[start : start + step])
                tensor.write(b"".join([row.replace(b" ", b"\t") + b"\n" for row in rows]))
            names = [_name(word) for word in words]
            changed += [word for word, name in zip(words, names, strict=True) if word != name]
            lines = names if counts is None else map("{}\t{}".format, names, counts)
            metadata.write("".join([f"{line}\n" for line in lines]))
    (path / _CONFIG).write_text(_CONTENT, encoding="utf-8", newline="\n")
    return _notes(changed, not_finite)


def _name(word: str) -> str:
    name = word.translate(_TO_UNDERSCORES)
    return name if name.strip() else "_"


def _notes(changed: list[str], not_finite: int) -> list[str]:
    notes = []
    if changed:
        words = (
            "1 word that breaks a line was"
            if len(changed) == 1
            else f"{len(changed)} words that break a line were"
        )
        notes.append(f"{words} written with _ (first: {changed[0]!r})")
    if not_finite:
        vectors = "1 vector has" if not_finite == 1 else f"{not_finite} vectors have"
        notes.append(f"{vectors} numbers that are not finite, which were written as 0")
    return notes


def _sniff_folder(path: Path) -> bool:
    return {file.name for file in path.iterdir()} == {_VECTORS, _METADATA, _CONFIG}


FORMAT = Format(
    name="projector",
    suffixes=(),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=_sniff_folder,
    write=_write,
)
