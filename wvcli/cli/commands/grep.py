"""`wvcli grep`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.answers import leaves_out_rare
from wvcli.cli.questions.input import STDIN, line_blocks, words_in
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.streams import stderr, stdout
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer
from wvcli.errors import ExitCode, InputError, UsageError, WvcliError

if TYPE_CHECKING:
    from wvcli.retrieval.grep import FoundLine, LineFinder
    from wvcli.vectors.word_vectors import Lookup, Vectors

NO_MATCH = 1  # as grep exits where there is no line
_STDIN_NAME = "(standard input)"
_NAMED = 12  # near words that the note names
_COLUMNS = tuple(map(Column, ("file", "line", "similarity", "word", "text")))
_MATCH, _FILE, _NUMBER, _SIGN, _PLAIN = "\x1b[1;31m", "\x1b[35m", "\x1b[32m", "\x1b[36m", "\x1b[0m"


def grep(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD... FILE...",
            help="Words, and the files, folders or globs to read; `-` or none is stdin.",
            show_default=False,
        ),
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option("-e", "--word", metavar="WORD", help="A word; all arguments are files.", show_default=False),
    ] = None,
    words_file: Annotated[
        Path | None,
        typer.Option(
            "-f", "--file", metavar="FILE", help="Words in this file, one per line; all arguments are files."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="FILE",
            envvar="WVCLI_MODEL",
            readable=False,
            help="Model file, or vectors in another format; -m is grep's.",
            show_default="the newest model in this folder",
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option("-t", "--threshold", min=-1, max=1, metavar="X", help="Least similarity of a word.")
    ] = 0.6,
    neighbors: Annotated[
        int | None,
        typer.Option(
            "-k",
            "--neighbors",
            min=1,
            metavar="N",
            help="Take the N words nearest to each WORD, at most.",
            show_default="all within the threshold",
        ),
    ] = None,
    rare: shared.Rare = None,
    missing: shared.MissingPolicy = None,
    after: Annotated[
        int | None, typer.Option("-A", "--after-context", min=0, metavar="N", help="Show N lines after each.")
    ] = None,
    before: Annotated[
        int | None, typer.Option("-B", "--before-context", min=0, metavar="N", help="Show N lines before each.")
    ] = None,
    context: Annotated[
        int, typer.Option("-C", "--context", min=0, metavar="N", help="Show N lines before and after each.")
    ] = 0,
    line_number: Annotated[bool, typer.Option("-n", "--line-number", help="Show line numbers.")] = False,
    ignore_case: Annotated[bool, typer.Option("-i", "--ignore-case", help="Ignore capitals.")] = False,
    only_matching: Annotated[
        bool, typer.Option("-o", "--only-matching", help="Show only the words that match, each in a line.")
    ] = False,
    count: Annotated[
        bool, typer.Option("-c", "--count", help="Show only the number of lines of each file.")
    ] = False,
    files_with: Annotated[
        bool, typer.Option("-l", "--files-with-matches", help="Show only the names of files that match.")
    ] = False,
    files_without: Annotated[
        bool, typer.Option("-L", "--files-without-match", help="Show only the names of files that do not.")
    ] = False,
    invert: Annotated[bool, typer.Option("-v", "--invert-match", help="Show the lines that have none.")] = False,
    no_filename: Annotated[
        bool, typer.Option("-h", "--no-filename", help="Do not show the names of files.")
    ] = False,
    with_filename: Annotated[
        bool, typer.Option("-H", "--with-filename", help="Show the name of the file with each line.")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option("-m", "--max-count", min=1, metavar="N", help="Stop after N lines of a file."),
    ] = None,
    color: Annotated[
        Literal["auto", "always", "never"], typer.Option("--color", "--colour", help="Colour what matches.")
    ] = "auto",
    format: Annotated[
        stdout.OutputFormat,
        typer.Option("--format", help="Rows in place of lines; auto and plain are grep's lines."),
    ] = "auto",
    header: shared.Header = None,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Show nothing; exit with 0 at the first line that matches.")
    ] = False,
) -> None:
    """Find the lines that have a word near the one asked for.

    Options have the letters of grep, also where other commands of wvcli have them for something else. It exits
    as grep does: 0 a line was found; 1 none; above 1 an error, as in the list below, but 2 for any other failure.
    """
    if quiet:
        stderr.set_quiet(True)
    vectors = open_vectors(model)
    words, files = _words_and_files(names or [], more, words_file, vectors)
    lookup = WordLookup(vectors, missing, alone=len(words) == 1, command="grep")
    asked = [found for word in words if (found := lookup.find(word)) is not None]
    if not asked:
        lookup.finish()
    near = _near(vectors, asked, threshold, neighbors, rare, ignore_case)
    around = (context if before is None else before, context if after is None else after)
    shows = _Shows(
        has_context=any(around),
        line_number=line_number,
        only_matching=only_matching,
        count=count and not quiet,
        files_with=files_with and not quiet,
        files_without=files_without and not quiet,
        has_name=(with_filename or _are_several(files)) and not no_filename,
        has_colour=color == "always" or (color == "auto" and stderr.wants_colour(stdout.is_terminal())),
        format=format,
        header=header,
    )
    from wvcli.retrieval.grep import LineFinder

    needs_all = not (files_with or files_without or quiet)
    finder = LineFinder(
        vectors,
        near,
        invert=invert,
        most=most if needs_all else 1,
        before=around[0] if shows.has_lines else 0,
        after=around[1] if shows.has_lines else 0,
    )
    selected, has_failed = _search(finder, files, shows, quiet)
    lookup.finish()
    if has_failed and not (quiet and selected):
        raise typer.Exit(ExitCode.INPUT)
    if not selected:
        raise typer.Exit(NO_MATCH)


def _words_and_files(
    names: list[str], more: list[str] | None, words_file: Path | None, vectors: "Vectors"
) -> tuple[list[str], list[str]]:
    """Return the words asked for, and the files to read.

    The first argument is a word; so are those that follow, up to the first that is a file or is not in the model.

    Raises:
        UsageError: there is no word; or no file, and stdin is a terminal.
        InputError: the file with the words cannot be read, or a file is missing.
    """
    words = [*(more or []), *(words_in(words_file, vectors.vocabulary) if words_file else [])]
    files = list(names)
    if not more and not words_file:
        if not names:
            raise UsageError("missing argument 'WORD...'", "see wvcli grep --help")
        words.append(files.pop(0))
        while files and files[0] != STDIN and not Path(files[0]).exists() and files[0] in vectors:
            words.append(files.pop(0))
    if not words:
        raise UsageError(f"{words_file} holds no words")
    if not files and sys.stdin.isatty():
        raise UsageError("no file was given", "name one, or pipe in text")
    return words, files or [STDIN]


def _near(
    vectors: "Vectors",
    asked: "Sequence[Lookup]",
    threshold: float,
    neighbors: int | None,
    rare: bool | None,
    ignore_case: bool,
) -> dict[str, float]:
    """Return the words near those asked for, and note which they are."""
    from wvcli.retrieval.grep import near_words

    is_rare_taken = not leaves_out_rare(vectors, rare, None, None)
    near = near_words(vectors, asked, threshold, neighbors, rare=is_rare_taken, ignore_case=ignore_case)
    names = sorted(near, key=lambda word: -near[word])
    listed = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    stderr.note(f"looking for {len(names):,} word{'' if len(names) == 1 else 's'}: {listed}")
    return near


def _are_several(files: Sequence[str]) -> bool:
    """Whether lines may come from more than one file."""
    return len(files) > 1 or (files[0] != STDIN and not Path(files[0]).is_file())


@dataclass(frozen=True)
class _Shows:
    """What is shown of the lines that were found."""

    has_context: bool
    line_number: bool
    only_matching: bool
    count: bool
    files_with: bool
    files_without: bool
    has_name: bool
    has_colour: bool
    format: stdout.OutputFormat
    header: bool | None

    @property
    def has_lines(self) -> bool:
        """Whether whole lines are shown, so that others can stand around them."""
        return self.is_lines and not (self.only_matching or self.count or self.files_with or self.files_without)

    @property
    def is_lines(self) -> bool:
        """Whether lines are shown as grep shows them, and not as rows."""
        return self.format in ("auto", "plain")

    def summary(self, name: str, selected: int) -> None:
        """Show what is to be said of a whole file."""
        if self.files_with or self.files_without:
            if bool(selected) == self.files_with:
                stdout.line(self._coloured(name, _FILE))
        elif self.count:
            stdout.line(f"{self._prefix(name, None, ':')}{selected}")

    def lines(self, name: str, found: "Sequence[FoundLine]", finder: "LineFinder") -> str:
        """Return lines as text."""
        shown: list[str] = []
        for line in found:
            if line.is_apart and self.has_context and self.has_lines:
                shown.append(self._coloured("--", _SIGN))
            sign = ":" if line.is_selected else "-"
            prefix = self._prefix(name, line.number if self.line_number else None, sign)
            if self.only_matching:
                shown += [prefix + self._coloured(word, _MATCH) for word in _matches(finder, line.text)]
            else:
                shown.append(prefix + self._marked(line, finder))
        return "\n".join(shown)

    def _marked(self, line: "FoundLine", finder: "LineFinder") -> str:
        """Return the text of a line, its matching words coloured."""
        if not self.has_colour or line.similarity is None:
            return _visible(line.text)
        parts, end = [], 0
        for (start, stop), _ in finder.spans(line.text):
            parts += [_visible(line.text[end:start]), self._coloured(_visible(line.text[start:stop]), _MATCH)]
            end = stop
        return "".join([*parts, _visible(line.text[end:])])

    def _prefix(self, name: str, number: int | None, sign: str) -> str:
        sign = self._coloured(sign, _SIGN)
        return (f"{self._coloured(_visible(name), _FILE)}{sign}" if self.has_name else "") + (
            "" if number is None else f"{self._coloured(str(number), _NUMBER)}{sign}"
        )

    def _coloured(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self.has_colour else text


def _visible(text: str) -> str:
    return stderr.visible(text) if stdout.is_terminal() else text


def _matches(finder: "LineFinder", text: str) -> list[str]:
    return [_visible(text[start:stop]) for (start, stop), _ in finder.spans(text)]


def _search(finder: "LineFinder", files: Sequence[str], shows: _Shows, quiet: bool) -> tuple[int, bool]:
    """Search files and show what is found; return how many lines were, and whether a file could not be read."""
    total, has_failed = 0, False
    show = _shower(finder, shows, quiet)
    for name, found, problem in _found_in(finder, files):
        selected = 0
        try:
            if problem:
                raise problem
            for lines in found:
                selected += sum(line.is_selected for line in lines)
                if quiet and selected:
                    return selected, has_failed
                show(name, lines)
        except WvcliError as error:
            stderr.error(error)
            has_failed = True
        else:
            shows.summary(name, selected)
        total += selected
    show("", None)
    return total, has_failed


def _shower(
    finder: "LineFinder", shows: _Shows, quiet: bool
) -> "Callable[[str, Sequence[FoundLine] | None], None]":
    """Return the function that shows lines of a file as they are found; None in their place ends the output."""
    if quiet or shows.count or shows.files_with or shows.files_without:
        return lambda name, lines: None
    if shows.is_lines:

        def show(name: str, lines: "Sequence[FoundLine] | None") -> None:
            if lines and (text := shows.lines(name, lines, finder)):
                stdout.data(f"{text}\n".encode("utf-8", "surrogateescape"))

        return show
    rows = writer(_COLUMNS, shows.format, shows.header)
    return lambda name, lines: (
        rows.close() if lines is None else rows.write(_row(name, line, finder) for line in lines)
    )


def _found_in(
    finder: "LineFinder", files: Sequence[str]
) -> "Iterator[tuple[str, Iterator[list[FoundLine]], InputError | None]]":
    """Yield each file by its name with the lines found there, or what is wrong with it."""
    from wvcli.text import sources
    from wvcli.text.corpus import Corpus

    for given in files:
        if given == STDIN:
            yield _STDIN_NAME, finder.lines_as_they_come(line_blocks(sys.stdin.buffer, "stdin")), None
            continue
        try:
            inside = sources.expand(given)
        except InputError as problem:
            yield given, iter(()), problem
            continue
        for file in inside:
            yield (
                sources.display_name(file),
                finder.lines_of(Corpus([file], errors="replace", as_lines=True, are_files=True)),
                None,
            )


def _row(name: str, line: "FoundLine", finder: "LineFinder") -> tuple[object, ...]:
    """Return a line as a row: with the word in it that is nearest to one asked for."""
    from wvcli.text.passages import Passage

    spans = finder.spans(line.text) if line.similarity is not None else []
    words = sorted((word for _, word in spans), key=lambda word: -finder.similarity(word))
    text = Passage(" ".join(line.text.split("\n")), tuple(span for span, _ in spans))
    return name, line.number, line.similarity, words[0] if words else None, text
