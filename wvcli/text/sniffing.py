"""What a file holds, told from its first bytes: text, markup, JSON, a table, or something that is no text."""

import codecs
import csv
import json
import re

from wvcli.errors import InputError
from wvcli.system.encodings import Encoding

SNIFFED = 8192  # bytes looked at

_FOREIGN = {  # what is no text: how it begins, what it is, and what to do with it
    b"PK\x03\x04": ("a zip archive", "unpack it first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it first"),
    b"%PDF-": ("a PDF document", "extract its text first, with pdftotext, for example"),
}
_TAR = slice(257, 262), b"ustar"
_WIDE_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_EXTRACT = "extract its text first, with html2text or pandoc, for example"
_MARKUP = (  # how it begins after white space, what it is, and what to do with it
    (
        re.compile(rb"(<\?xml[^>]*>\s*)?<mediawiki", re.I),
        "a dump of a wiki",
        "extract its text first, with python -m gensim.scripts.segment_wiki -f DUMP -o TEXT.jsonl, for example, "
        "and train on that with `field=section_texts`",
    ),
    (re.compile(rb"<!doctype html|(<\?xml[^>]*>\s*)?(<!doctype[^>]*>\s*)?<html", re.I), "HTML", _EXTRACT),
    (re.compile(rb"<\?xml|<!doctype ", re.I), "XML", _EXTRACT),
    (re.compile(rb"\{\\rtf1"), "RTF", _EXTRACT),
)
_DELIMITERS = ("\t", ",", ";", "|")


def markup(head: bytes) -> tuple[str, str] | None:
    """Return the markup in which a text that begins so is written, and what to do with it; None for plain text."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return next(((what, advice) for pattern, what, advice in _MARKUP if pattern.match(start)), None)


def require_text(name: str, head: bytes, encoding: Encoding, is_strict: bool) -> None:
    """Refuse a file whose beginning is not text in the encoding.

    Args:
        name: of the file.
        head: what it begins with.
        encoding: of its text.
        is_strict: whether bytes that are not in the encoding end the reading.

    Raises:
        InputError: it is not.
    """
    for magic, (what, advice) in _FOREIGN.items():
        if head.startswith(magic):
            raise InputError(f"{name} is {what}, not text", advice)
    place, magic = _TAR
    if head[place] == magic:
        raise InputError(f"{name} is a tar archive, not text", "unpack it first; a folder can be a source")
    if encoding.is_wide:
        return
    for bom, wide in _WIDE_BOMS.items():
        if head.startswith(bom):
            raise InputError(f"{name} is {wide} text", f"add `encoding={wide}`")
    what = f"{name} is binary data, not text"
    if (likely := _wide_encoding(head)) is not None:
        raise InputError(what, f"if it is text in {likely}, add `encoding={likely}`")
    if is_strict and b"\0" in head and not _is_in_encoding(head, encoding):
        raise InputError(what)


def _wide_encoding(head: bytes) -> str | None:
    """Return the encoding in which a file that begins so may be text, where every second byte is mostly 0."""
    zeros = [head[start::2].count(0) for start in (0, 1)]
    if len(head) < 4 or 4 * max(zeros) < len(head) or 8 * min(zeros) > max(zeros):
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _is_in_encoding(head: bytes, encoding: Encoding) -> bool:
    """Whether a file that begins so may be text in an encoding; its last character may be cut off."""
    try:
        codecs.getincrementaldecoder(encoding.codec)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def first_line(head: bytes, codec: str = "utf-8") -> str:
    """Return the first line of what a file begins with, without white space around it and a byte order mark."""
    line = (head.splitlines() or [b""])[0].strip()
    return line.decode(codec, "ignore").removeprefix("\ufeff")


def begins_json_object(head: bytes) -> bool:
    """Whether a file begins with a line that is a JSON object."""
    first = first_line(head)
    return first.startswith('{"') and _is_json(first)


def begins_json_array(head: bytes) -> bool:
    """Whether a file begins with a JSON array of objects."""
    return re.match(rb'\s*\[\s*\{\s*"', head.removeprefix(codecs.BOM_UTF8)) is not None


def holds_json_texts(head: bytes) -> bool:
    """Whether a file of JSON begins with strings or arrays, which need no field to be texts."""
    return re.match(rb'\s*("|\[\s*(["\[]|-?\d))', head.removeprefix(codecs.BOM_UTF8)) is not None


def holds_one_json_value(head: bytes, is_lines: bool) -> bool:
    """Whether a file of JSON is one value, and not a value a line.

    Args:
        head: what it begins with.
        is_lines: whether its name says that there is a value a line.
    """
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    first, _, rest = text.partition(b"\n")
    if text.startswith(b"["):
        if is_lines and not begins_json_array(text):
            return False
        return not (rest.strip() and _is_json(first.decode("utf-8", "ignore")))
    return text.startswith(b"{") and not is_lines and bool(rest) and not first.rstrip().endswith(b"}")


def _is_json(text: str) -> bool:
    """Whether a text is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of the first line of a table; none where it cannot be one."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # as of a NUL
        return []


def delimiter_of(heading: str, column: str, usual: str) -> str:
    """Return what stands between the cells of a table whose first line is `heading`.

    It is what is usual there, unless the line has the column only with another delimiter between its cells.
    """
    if column in cells(heading, usual):
        return usual
    fitting = [delimiter for delimiter in _DELIMITERS if column in cells(heading, delimiter) and heading != column]
    return fitting[0] if len(fitting) == 1 else usual


def likely_delimiter(heading: str, usual: str) -> str | None:
    """Return what may stand between the cells of a line in which the usual delimiter does not stand."""
    if usual in heading:
        return None
    return next((delimiter for delimiter in _DELIMITERS if delimiter in heading), None)
