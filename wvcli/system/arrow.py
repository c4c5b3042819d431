"""The package pyarrow, which an extra installs, and what it raises for files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wvcli.errors import InputError, MissingExtraError, first_line, unreadable

EXTRA = "parquet"


def import_arrow(what: str) -> Any:
    """Return the package pyarrow.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError(what, EXTRA) from error
    return pyarrow


@contextmanager
def input_errors(name: object, arrow: Any) -> Iterator[None]:
    """Turn errors of Arrow within the block, in which a file is read, into InputErrors.

    Args:
        name: what messages call the file.
        arrow: the package.
    """
    try:
        yield
    except arrow.ArrowException as error:
        raise InputError(f"{name} is damaged: {first_line(error)}") from error
    except OSError as error:  # Arrow raises it for damage too
        if error.errno is None:
            raise InputError(f"{name} is damaged: {first_line(error)}") from error
        raise unreadable(name, error) from error
    except (MemoryError, UnicodeDecodeError) as error:
        raise InputError(f"{name} is damaged: {first_line(error)}") from error
