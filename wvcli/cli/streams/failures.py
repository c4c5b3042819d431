"""The one place where a failure becomes a line on stderr and an exit code."""

import os
from collections.abc import Callable
from typing import Any

import typer

from wvcli.cli.streams import stderr, stdout
from wvcli.errors import ExitCode, UsageError, WvcliError, reason


def exit_code(run: Callable[[], Any]) -> int:
    """Run a command, tell what goes wrong, and return its exit code.

    Raises:
        ReaderGone: nobody reads stdout any more.
    """
    try:
        return int(run() or 0)
    except stdout.ReaderGone:
        raise
    except SystemExit as left:  # Typer's way out when nobody reads its help any more
        raise stdout.ReaderGone from left
    except WvcliError as problem:
        stderr.error(problem)
        return problem.exit_code
    except typer.TyperException as problem:
        return _usage(problem)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except OSError as problem:
        stdout.flush_or_discard()
        where = f"{problem.filename}: " if problem.filename else ""
        stderr.error(WvcliError(where + reason(problem)))
        return ExitCode.FAILED
    except MemoryError:
        stderr.error(WvcliError("not enough memory"))
        return ExitCode.FAILED
    except Exception as problem:
        if os.environ.get("WVCLI_TRACEBACK"):
            raise
        what = " ".join(f"{type(problem).__name__}: {problem}".split())
        stderr.error(WvcliError(f"unexpected: {what}", "set WVCLI_TRACEBACK=1 to see where, and report it"))
        return ExitCode.FAILED


def _usage(problem: typer.TyperException) -> int:
    context = getattr(problem, "ctx", None)
    if context and type(problem).__name__ == "NoArgsIsHelpError":
        stdout.line(context.get_help())
        return ExitCode.USAGE
    message = " ".join(problem.format_message().split()).rstrip(".")
    command = context.command_path if context else "wvcli"
    hint = f"see {command} --help" if command else "help lists the commands"
    stderr.error(UsageError(message[:1].lower() + message[1:], hint))
    return ExitCode.USAGE
