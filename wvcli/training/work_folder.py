"""The work folder of a cluster: where its machines leave files for each other, by a path or an address.

A file is written once, under a name that no other has, and is there whole or not at all. Nothing is listed, so
that an object store does as well as a file system that all machines mount.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import SEEK_END
from itertools import islice
from pathlib import Path
from typing import IO

from wvcli.errors import MissingExtraError, WvcliError, first_line, reason
from wvcli.text.sources import is_remote, without_password

_COPIED = 1 << 20  # bytes copied at a time
_REMOVED = 1_000  # objects that S3 removes at one request, at most
_LASTING = ("text/", "weights/", "model/")  # the files without which a run cannot be continued


class WorkFolder:
    """A folder that all machines of a cluster reach.

    Args:
        address: a path, or an address that smart_open writes to, such as `s3://bucket/folder`.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/") or "/"
        self._is_remote = is_remote(address)

    def __str__(self) -> str:
        return without_password(self.address)

    def inside(self, name: str) -> "WorkFolder":
        """Return a folder in it."""
        return WorkFolder(self._place(name))

    def path(self, name: str) -> Path | None:
        """Return the path of a file; None where the folder is at an address."""
        return None if self._is_remote else Path(self._place(name))

    def write(self, name: str, *data: bytes | memoryview) -> str:
        """Write a file of these bytes, one after the other, and return a name for it that no other file has.

        Args:
            name: what the name begins with; it may have a folder before a slash.
            data: what is written.

        Raises:
            WvcliError: it cannot be written.
        """
        with self.writing(name) as (complete, file):
            for each in data:
                file.write(each)
        return complete

    def write_file(self, name: str, path: Path) -> str:
        """Write a copy of a file, and return the name for it that no other file has.

        Raises:
            WvcliError: it cannot be written.
        """
        with self.writing(name) as (complete, file), path.open("rb") as source:
            shutil.copyfileobj(source, file, _COPIED)
        return complete

    @contextmanager
    def writing(self, name: str) -> Iterator[tuple[str, IO[bytes]]]:
        """Make a file; yield a name for it that no other file has, and the file to write to.

        It is flushed to disk if its name begins with one of `_LASTING`; others are of use for one job or two.

        Raises:
            WvcliError: it cannot be written.
        """
        complete = f"{name}-{os.urandom(6).hex()}"
        with self._failures("write to"):
            if self._is_remote:
                with _opened(self._place(complete), "wb") as file:
                    yield complete, file
                return
            path = Path(self._place(complete))
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.tmp")
            try:
                with aside.open("wb") as file:
                    yield complete, file
                    if name.startswith(_LASTING):
                        file.flush()
                        os.fsync(file.fileno())
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)

    def read(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes of a file, or those from `start` up to `stop`.

        Raises:
            WvcliError: it is not there, has fewer bytes, or cannot be read.
        """
        with self._failures("read"), self._opened(name) as file:
            if start:
                file.seek(start)
            data: bytes = file.read() if stop is None else file.read(stop - start)
        if stop is not None and len(data) != stop - start:
            raise WvcliError(f"{name} in the work folder {self} is cut off")
        return data

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file to a path of this machine.

        Raises:
            WvcliError: it is not there, or cannot be read or written.
        """
        with self._failures("read"), path.open("wb") as target, self._opened(name) as file:
            shutil.copyfileobj(file, target, _COPIED)

    def size(self, name: str) -> int | None:
        """Return the bytes of a file; None if it is not there.

        Raises:
            WvcliError: whether it is there cannot be told.
        """
        with self._failures("read"):
            try:
                with self._opened(name) as file:
                    return int(file.seek(0, SEEK_END))
            except OSError as error:
                if _is_missing(error):
                    return None
                raise

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, where that is possible; those that are not there do not matter."""
        with suppress(Exception):  # what is left over does no harm
            if not self._is_remote:
                for name in names:
                    Path(self._place(name)).unlink(missing_ok=True)
            elif self.address.startswith("s3"):
                _remove_from_s3(self.address, names)

    def remove_all(self) -> None:
        """Remove the folder with all that is in it, where that is possible."""
        if not self._is_remote:
            shutil.rmtree(self.address, ignore_errors=True)
        elif self.address.startswith("s3"):
            with suppress(Exception):
                _remove_from_s3(self.address)

    def _opened(self, name: str) -> IO[bytes]:
        place = self._place(name)
        return _opened(place, "rb") if self._is_remote else open(place, "rb")

    def _place(self, name: str) -> str:
        return f"{self.address}/{name}"

    @contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        """Turn what goes wrong in the system or a client into an error that names the folder."""
        try:
            yield
        except WvcliError:
            raise
        except OSError as error:
            raise WvcliError(f"cannot {verb} the work folder {self}: {reason(error)}") from error
        except ImportError as error:
            raise MissingExtraError(f"the work folder {self}", "remote") from error
        except Exception as error:  # the errors of clients have no other root
            raise WvcliError(f"cannot {verb} the work folder {self}: {first_line(error)}") from error


def _opened(address: str, mode: str) -> IO[bytes]:
    import smart_open

    file: IO[bytes] = smart_open.open(address, mode, compression="disable")
    return file


def _is_missing(error: OSError) -> bool:
    """Whether a file could not be opened because it is not there, on a disk or in a bucket of S3."""
    response = getattr(getattr(error, "backend_error", None), "response", {})
    return isinstance(error, FileNotFoundError) or response.get("Error", {}).get("Code") in ("NoSuchKey", "404")


def _remove_from_s3(folder: str, names: Iterable[str] | None = None) -> None:
    """Remove objects below an address, many with each request; None for all."""
    import boto3
    from smart_open.s3 import parse_uri

    where = parse_uri(folder)
    bucket, prefix = where["bucket_id"], where["key_id"] + "/"
    client = boto3.client("s3")
    if names is None:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = iter([item["Key"] for page in pages for item in page.get("Contents", ())])
    else:
        keys = iter([prefix + name for name in names])
    while some := list(islice(keys, _REMOVED)):
        client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some]})
