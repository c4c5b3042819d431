"""The program from start to exit: its commands, streams, signals and exit code."""

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any, NoReturn

import typer

from wvcli.cli.options import completion
from wvcli.cli.program import COMMANDS, EXIT_CODES
from wvcli.cli.streams import failures, stdout
from wvcli.cli.streams.help import Command, program
from wvcli.errors import ExitCode
from wvcli.system import mapped_files, signals
from wvcli.system.parallel import fit_blas_into_memory, keep_blas_single_threaded
from wvcli.version import __version__


def build(argv: Sequence[str]) -> typer.Typer:
    """Return the program with the commands that these arguments need.

    When the first argument names a command, no other is imported: a query is so quick that it would show.

    Args:
        argv: the arguments after the program's name.
    """
    app = program(
        "wvcli",
        "Train word vectors with Gensim and ask them questions.",
        epilog=EXIT_CODES,
        no_args_is_help=True,
    )
    app.callback()(root)
    register(app, argv[:1] if argv and argv[0] in COMMANDS else COMMANDS)
    return app


def register(group: typer.Typer, names: Iterable[str]) -> None:
    """Add commands to a group; the command `a-name` is the function `a_name` in `commands/a_name.py`.

    A keyword of Python, such as `import`, has an underscore there: `import_` in `commands/import_.py`.
    """
    for name in names:
        module = f"{name}_" if iskeyword(name) else name.replace("-", "_")
        function = getattr(import_module(f"wvcli.cli.commands.{module}"), module)
        entry = COMMANDS[name]
        if isinstance(function, typer.Typer):  # commands of its own
            group.add_typer(function, name=name, rich_help_panel=entry.heading, epilog=entry.epilog)
            continue
        group.command(name, cls=Command, rich_help_panel=entry.heading, epilog=entry.epilog)(function)


def _version(value: bool) -> None:
    if value:
        stdout.text(f"wvcli {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train word vectors with Gensim and ask them questions."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    Args:
        argv: the arguments after the program's name; None for those that the program was started with.
    """
    mapped_files.call_on_bus_error(failures.end_at_a_cut_file)
    _prepare_streams()
    if not os.environ.get("COLUMNS", "80").strip("0").isdecimal():  # which some programs take for a width
        del os.environ["COLUMNS"]
    interrupt = _Interrupting()
    try:
        for number in (signal.SIGINT, *signals.ENDING):
            signals.handle(number, interrupt)
        code = run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        interrupt.is_over = True  # first of all: another signal may be about to come
        code = ExitCode.INTERRUPTED
    interrupt.is_over = True
    for number in (signal.SIGINT, *signals.ENDING):
        signals.handle(number, signal.SIG_DFL)  # so that a reader who does not read can be left
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Everything is closed and written; an orderly shutdown of the interpreter would double a query's overhead.
    os._exit(code)


def _prepare_streams() -> None:
    """Pass words through unchanged, whatever the locale; let a closed stderr swallow what is written to it.

    What is written to a closed stdout fails, as it does with other programs: an answer would be lost.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            stream = open(os.open(os.devnull, flags), "r" if name == "stdin" else "w")  # noqa: SIM115
            setattr(sys, name, stream)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def run(argv: Sequence[str]) -> int:
    """Run a command, or answer a shell that completes one, and return the exit code."""
    if argv and argv[0] in COMMANDS and COMMANDS[argv[0]].has_own_threads:
        keep_blas_single_threaded()
    failed = COMMANDS[argv[0]].failed if argv and argv[0] in COMMANDS else ExitCode.FAILED
    try:
        return failures.exit_code(lambda: _call(argv), failed)
    except stdout.ReaderGone:
        return ExitCode.DONE


def _call(argv: Sequence[str]) -> Any:
    if argv and argv[0] in COMMANDS:
        fit_blas_into_memory()
    app = build(argv)
    if completion.is_asked_for():
        text, code = completion.answer(app)
        stdout.text(text)
        return code
    return app(list(argv), prog_name="wvcli", standalone_mode=False, obj=register)


class _Interrupting:
    """A handler of signals that interrupts what is going on, until all is over: there nothing would catch it."""

    def __init__(self) -> None:
        self.is_over = False

    def __call__(self, number: int, frame: Any) -> None:
        if not self.is_over:
            raise KeyboardInterrupt
