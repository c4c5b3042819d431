"""How the program begins and ends: its commands put together, its streams, signals and exit code."""

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
from wvcli.system.parallel import keep_blas_single_threaded
from wvcli.version import __version__


def build(argv: Sequence[str]) -> typer.Typer:
    """Return the program with the commands that these arguments need.

    A command that is named first is the only one needed: a query is so quick that importing the others would show.

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
        module = name.replace("-", "_") + ("_" if iskeyword(name) else "")
        function = getattr(import_module(f"wvcli.cli.commands.{module}"), module)
        group.command(name, cls=Command, rich_help_panel=COMMANDS[name], epilog=EXIT_CODES)(function)


def _version(value: bool) -> None:
    if value:
        stdout.line(f"wvcli {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train word vectors with Gensim and ask them questions."""


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    _prepare_streams()
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Everything is closed and written; taking the interpreter down piece by piece would double a query's overhead.
    os._exit(code)


def _prepare_streams() -> None:
    """Words go out as they came in, whatever the locale; a closed stream swallows what is written to it."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def run(argv: Sequence[str]) -> int:
    """Run a command, or answer a shell that completes one, and return the exit code."""
    # Training and compare multiply large matrices, all at once; the others have threads of their own.
    if argv and COMMANDS.get(argv[0]) in ("Ask", "Judge", "Manage") and argv[0] not in ("shell", "compare"):
        keep_blas_single_threaded()
    try:
        return failures.exit_code(lambda: _call(build(argv), argv))
    except stdout.ReaderGone:
        return ExitCode.DONE


def _call(app: typer.Typer, argv: Sequence[str]) -> Any:
    if completion.is_asked_for():
        text, code = completion.answer(app)
        stdout.line(text)
        return code
    return app(list(argv), prog_name="wvcli", standalone_mode=False, obj=register)


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt
