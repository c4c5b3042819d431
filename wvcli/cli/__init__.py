"""The command line: the list of commands, and how the program begins and ends."""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any, NoReturn

import typer

from wvcli import __version__
from wvcli.cli import completion, failures, output
from wvcli.cli.help import Command, program
from wvcli.errors import ExitCode
from wvcli.parallel import leave_threads_to_us

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 model or input missing, damaged or unreadable; "
    "4 a word is not in the vocabulary; 5 an optional extra is not installed; 130 interrupted."
)

app = program(
    "wvcli", "Train word vectors with Gensim and ask them questions.", epilog=EXIT_CODES, no_args_is_help=True
)

COMMANDS = {  # in the order of the help, with the heading each stands under
    "train": "Train",
    "update": "Train",
    "vector": "Ask",
    "similar": "Ask",
    "analogy": "Ask",
    "similarity": "Ask",
    "odd-one-out": "Ask",
    "vocab": "Ask",
    "shell": "Ask",
    "evaluate": "Judge",
    "compare": "Judge",
    "import": "Exchange",
    "export": "Exchange",
    "formats": "Exchange",
    "info": "Manage",
    "models": "Manage",
    "index": "Manage",
}


def register(group: typer.Typer, names: Iterable[str]) -> None:
    """Add commands to a group; the command `a-name` is the function `a_name` in `commands/a_name.py`.

    Where that is a word of Python's own, as in `import`, it is `import_` in `commands/import_.py`.
    """
    for name in names:
        module = name.replace("-", "_") + "_" * iskeyword(name)
        function = getattr(import_module(f"wvcli.cli.commands.{module}"), module)
        group.command(name, cls=Command, rich_help_panel=COMMANDS[name], epilog=EXIT_CODES)(function)


# A command that is named first is the only one needed, and a query is so quick that the others would show.
_first = "".join(sys.argv[1:2])
register(app, [_first] if _first in COMMANDS else COMMANDS)
# Training and compare multiply large matrices, all at once; the others have threads of their own.
if COMMANDS.get(_first) in ("Ask", "Judge", "Manage") and _first not in ("shell", "compare"):
    leave_threads_to_us()


def _version(value: bool) -> None:
    if value:
        output.line(f"wvcli {__version__}")
        raise typer.Exit


@app.callback()
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
    code = _run()
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


def _run() -> int:
    try:
        return failures.exit_code(_asked)
    except output.ReaderGone:
        return ExitCode.DONE


def _asked() -> Any:
    """Answer a shell that completes, or run the command."""
    if completion.is_asked_for():
        text, code = completion.answer(app)
        output.line(text)
        return code
    return app(prog_name="wvcli", standalone_mode=False)


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt
