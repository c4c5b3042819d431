"""Texts with their labels, from files of several kinds: which kind it is, is told from the file.

=====================================  =================================================================
what a source holds                    how it is read
=====================================  =================================================================
lines of label, tab, text              one label a text
lines with `__label__NAME` in them     as fastText reads them: each such word is a label
CSV, TSV, Parquet, JSON, JSON Lines    a column or field for the label, one for the text, one for a weight
a folder of folders                    each folder is a label, and each file in it a text
=====================================  =================================================================
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

from wvcli.errors import InputError, UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.text import sniffing, sources
from wvcli.text.corpus import Corpus, names_in
from wvcli.text.records import ITEM_END, VALUE_END
from wvcli.text.sources import IN_MEMORY, STDIN, display_name

FASTTEXT_PREFIX = "__label__"
LABEL, TEXT = "label", "text"  # the names of columns and fields, if none are given

_TABLES = (".csv", ".tsv")
_JSON = (".json", ".jsonl", ".ndjson")
_WHOLE_LINES = 1 << 40  # bytes: lines are never cut, or a piece would have no label


@dataclass(frozen=True)
class LabelledText:
    """A text with its labels.

    Attributes:
        file: where it is.
        number: its line there, from 1; in Parquet the row, in a JSON array the item.
        labels: without repeats; none where the text has none.
        text: the text.
        weight: how much it counts.
        values: of the columns or fields asked for besides.
    """

    file: str
    number: int
    labels: tuple[str, ...]
    text: str
    weight: float = 1.0
    values: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """File and line, as messages name them."""
        return f"{display_name(self.file)}, line {self.number}"


@dataclass
class LabelledTexts:
    """Labelled texts from any mix of sources, in order.

    Attributes:
        given: files, folders, globs, addresses, or `-` for standard input.
        label_column, label_field: the column of tables, and the field of JSON, that holds the label.
        column, field: those that hold the text; several are one text, with line feeds between.
        weight_column, weight_field: those that hold the weight of a text, a number above 0.
        label_separator: what stands between several labels of a text in one cell or string.
        delimiter, encoding, encoding_errors, skip_bad: as for training on text.
        needs_labels: whether a text without a label is an error.
        keep: further columns or fields to read.
        on_note: called with what is worth knowing.

    Raises:
        UsageError: the arguments contradict each other.
        InputError: a source is missing.
    """

    given: Sequence[str]
    label_column: str | None = None
    column: str | Sequence[str] | None = None
    weight_column: str | None = None
    label_field: str | None = None
    field: str | Sequence[str] | None = None
    weight_field: str | None = None
    label_separator: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    skip_bad: bool = False
    needs_labels: bool = True
    keep: Sequence[str] = ()
    on_note: OnNote = ignore_note
    skipped: int = attribute(default=0, init=False)

    def __post_init__(self) -> None:
        if self.label_separator == "":
            raise UsageError("`label_separator` is empty", "name what stands between labels, such as a comma")
        self._fingerprints: list[str] = []
        self._parts = [part for source in self.given for part in _parts_of(source)]
        if not self._parts:
            raise UsageError("no source was given")
        if sum(part.file == STDIN for part in self._parts) > 1:
            raise UsageError("standard input can be read only once")

    def size(self) -> int | None:
        """Return the bytes of all files as they lie on disk; None when that is not known."""
        return sources.size([part.file for part in self._parts])

    def fingerprint(self) -> str:
        """Return the SHA-256 of all that was read, labels included."""
        from hashlib import sha256

        return sha256("\n".join(self._fingerprints).encode()).hexdigest()

    def __iter__(self) -> Iterator[LabelledText]:
        """Yield each text.

        Raises:
            InputError: a file is missing, damaged or not in the encoding, or a line has no label or no text.
            UsageError: a file needs to be told where its labels are.
        """
        for part in self._parts:
            for each in self._texts_of(part):
                problem = self._problem_with(each)
                if problem is None:
                    yield each
                elif self.skip_bad:
                    self.skipped += 1
                else:
                    raise InputError(f"{each.place}: {problem}", "use `skip_bad=True` to skip such texts")

    def _problem_with(self, each: LabelledText) -> str | None:
        if self.needs_labels and not each.labels:
            return "the text has no label"
        for label in each.labels:
            if not label.isprintable():
                return f"the label {label!r} holds a tab, a line feed or another character that is not printable"
        if not (isfinite(each.weight) and each.weight > 0):
            return f"expected a weight above 0, found {each.weight:g}"
        return None

    def _texts_of(self, part: "_Part") -> Iterator[LabelledText]:
        if part.label is not None:
            yield self._whole_file(part)
            return
        kind, names = self._kind_of(part.file)
        corpus = self._corpus(part.file, kind, names)
        if kind == "lines":
            yield from self._of_lines(corpus)
        else:
            yield from self._of_records(corpus, kind, len(names))
        self.skipped += corpus.skipped
        self._fingerprints.append(corpus.fingerprint())

    def _whole_file(self, part: "_Part") -> LabelledText:
        corpus = self._corpus(part.file, "lines", ())
        text = "\n".join(corpus.texts())
        self._fingerprints.append(f"{part.label} {corpus.fingerprint()}")
        return LabelledText(part.file, 1, (str(part.label),), text)

    def _corpus(self, file: str, kind: str, names: Sequence[str]) -> Corpus:
        where: dict[str, Any] = {"lines_of_tables": True}
        if kind == "table":
            where = {"column": names, "delimiter": self.delimiter, "apart": True}
        elif kind == "json":
            where = {"field": names, "apart": True}
        return Corpus(
            [file],
            encoding=self.encoding,
            errors=self.encoding_errors,
            skip_bad=self.skip_bad,
            longest_piece=_WHOLE_LINES,
            on_note=self.on_note,
            are_files=True,
            **where,
        )

    def _kind_of(self, file: str) -> tuple[str, tuple[str, ...]]:
        """Return whether a file holds lines, a table or JSON, and the names of what is read of a record.

        Raises:
            UsageError: it holds records, and where their labels are is not known.
        """
        head, suffix = _head(file), sources.suffix(file)
        is_parquet = head.startswith(b"PAR1")
        if suffix in _JSON or sniffing.begins_json_object(head) or (self.label_field and not is_parquet):
            text = names_in(self.field, "field") or (TEXT,)
            return "json", self._names(self.label_field, self.weight_field, text)
        first = sniffing.first_line(head)
        heading = [name.strip().strip('"').lower() for name in first.replace(",", "\t").split("\t")]
        is_headed = TEXT in heading and (LABEL in heading or (not self.needs_labels and suffix in _TABLES))
        is_named = bool(self.label_column or (self.column and not self.needs_labels))
        if is_parquet or is_named or suffix == ".csv" or is_headed:
            text = names_in(self.column, "column") or (TEXT,)
            if suffix == ".csv" and not is_named and not is_headed:
                labels = "say which column holds the labels with `label_column=NAME`, and which the text with "
                raise UsageError(
                    f"{display_name(file)} holds a table",
                    (labels if self.needs_labels else "say which column holds the text with ")
                    + "`column=NAME`; numbers, from 1, do where the first line names none",
                )
            return "table", self._names(self.label_column, self.weight_column, text)
        return "lines", ()

    def _names(self, label: str | None, weight: str | None, text: Sequence[str]) -> tuple[str, ...]:
        labels = [label or LABEL] if self.needs_labels or label else []
        return tuple(dict.fromkeys([*labels, *([weight] if weight else []), *self.keep, *text]))

    def _of_records(self, corpus: Corpus, kind: str, width: int) -> Iterator[LabelledText]:
        label = self.label_column if kind == "table" else self.label_field
        weight = self.weight_column if kind == "table" else self.weight_field
        has_label, has_weight = bool(self.needs_labels or label), bool(weight)
        kept = len(self.keep)
        for file, number, record in corpus.located_texts():
            values = record.split(VALUE_END, width - 1)
            labels = self._labels_in(values.pop(0)) if has_label else ()
            amount = _number(values.pop(0)) if has_weight else 1.0
            text = "\n".join(value for value in values[kept:] if value).replace(ITEM_END, "\n")
            yield LabelledText(file, number, labels, text, amount, tuple(values[:kept]))

    def _labels_in(self, value: str) -> tuple[str, ...]:
        items = value.split(ITEM_END)
        if self.label_separator:
            items = list(chain.from_iterable(item.split(self.label_separator) for item in items))
        return tuple(dict.fromkeys(label for item in items if (label := item.strip())))

    def _of_lines(self, corpus: Corpus) -> Iterator[LabelledText]:
        is_fasttext: bool | None = None
        for file, number, line in corpus.located_texts():
            if not line.strip():
                continue
            if is_fasttext is None:
                is_fasttext = FASTTEXT_PREFIX in line
            if is_fasttext:
                yield _of_fasttext(file, number, line)
                continue
            label, tab, text = line.partition("\t")
            if not tab:
                if self.needs_labels:
                    self._refuse(file, number, line)
                    continue
                label, text = "", line
            yield LabelledText(file, number, self._labels_in(label), text)

    def _refuse(self, file: str, number: int, line: str) -> None:
        if not self.skip_bad:
            shown = line if len(line) <= 40 else f"{line[:40]}…"
            raise InputError(
                f"{display_name(file)}, line {number}: expected a label, a tab and a text, or "
                f"{FASTTEXT_PREFIX}NAME and a text, found {shown!r}",
                "tables need `label_column` and `column`, JSON `label_field` and `field`",
            )
        self.skipped += 1


@dataclass(frozen=True)
class _Part:
    """A file of labelled texts, or one that is a text itself and has this label."""

    file: str
    label: str | None = None


def _parts_of(source: str) -> list[_Part]:
    """Return the files of a source; those in the folders of a folder without files have these folders as labels.

    Raises:
        InputError: there are none.
    """
    files = sources.expand(source)
    if source == STDIN or not sources.is_folder(source):
        return [_Part(file) for file in files]
    inner = [Path(sources.inside(source, file)).parts for file in files]
    if all(len(parts) > 1 for parts in inner):
        return [_Part(file, parts[0]) for file, parts in zip(files, inner, strict=True)]
    return [_Part(file) for file in files]


def _head(file: str) -> bytes:
    """Return what a source begins with, unpacked; of standard input, which is read once, as it comes."""
    if file == STDIN:
        import sys

        stdin: Any = sys.stdin.buffer
        return bytes(stdin.peek(sniffing.SNIFFED)[: sniffing.SNIFFED])
    with sources.reading(file, lambda count: None) as stream:
        return stream.peek(sniffing.SNIFFED)[: sniffing.SNIFFED]


def _of_fasttext(file: str, number: int, line: str) -> LabelledText:
    """Read a line as fastText does: words that begin with `__label__` are labels, all others the text."""
    if not line.startswith(FASTTEXT_PREFIX):
        words = line.split(" ")
        labels = [word for word in words if word.startswith(FASTTEXT_PREFIX)]
        text = " ".join(word for word in words if not word.startswith(FASTTEXT_PREFIX))
    else:
        labels, text = [], line
        while text.startswith(FASTTEXT_PREFIX):
            parts = text.split(None, 1)
            labels.append(parts[0])
            text = parts[1] if len(parts) > 1 else ""
    names = dict.fromkeys(label.removeprefix(FASTTEXT_PREFIX) for label in labels)
    return LabelledText(file, number, tuple(name for name in names if name), text)


def _number(value: str) -> float:
    """Return a weight; NaN where it is none."""
    try:
        return float(value)
    except ValueError:
        return float("nan")


@dataclass
class TextsInProgram:
    """Labelled texts that a Python program has in memory.

    Attributes:
        texts: strings.
        labels: for each a label, or several labels.
        weights: for each a number above 0; None where all count alike.

    Raises:
        UsageError: they are not as many.
    """

    texts: Iterable[str]
    labels: Iterable[Any]
    weights: Iterable[float] | None = None
    skipped: int = attribute(default=0, init=False)

    def __post_init__(self) -> None:
        self._texts, self._labels = list(self.texts), list(self.labels)
        self._weights = [1.0] * len(self._texts) if self.weights is None else list(map(float, self.weights))
        if not len(self._texts) == len(self._labels) == len(self._weights):
            raise UsageError(
                f"there are {len(self._texts)} texts, {len(self._labels)} labels and {len(self._weights)} weights"
            )

    def size(self) -> int | None:
        """Return None: no file is read."""
        return None

    def fingerprint(self) -> str:
        """Return the SHA-256 of all texts and labels."""
        from hashlib import sha256

        digest = sha256()
        for each in self:
            digest.update(f"{ITEM_END.join(each.labels)}{VALUE_END}{each.text}\n".encode("utf-8", "replace"))
        return digest.hexdigest()

    def __iter__(self) -> Iterator[LabelledText]:
        """Yield each text.

        Raises:
            UsageError: a text is no string, or has no label.
        """
        rows = zip(self._texts, self._labels, self._weights, strict=True)
        for number, (text, label, weight) in enumerate(rows, 1):
            labels = (label,) if isinstance(label, str | int) or not isinstance(label, Iterable) else tuple(label)
            names = tuple(dict.fromkeys(map(str, labels)))
            if not isinstance(text, str) or not names or not (isfinite(weight) and weight > 0):
                raise UsageError(f"item {number}: expected a text, a label and a weight above 0")
            yield LabelledText(IN_MEMORY, number, names, text, weight)


Rows = LabelledTexts | TextsInProgram


def reading_of(rows: Rows) -> Mapping[str, Any]:
    """Return how labelled texts are read, as a manifest records it."""
    if isinstance(rows, TextsInProgram):
        return {"sources": [IN_MEMORY]}
    values = {
        name: getattr(rows, name)
        for name in (
            "label_column", "column", "weight_column", "label_field", "field", "weight_field",
            "label_separator", "delimiter", "encoding", "encoding_errors", "skip_bad",
        )
    }  # fmt: skip
    several = {name: list(value) for name, value in values.items() if isinstance(value, tuple | list)}
    return {"sources": [sources.without_password(source) for source in rows.given], **values, **several}
