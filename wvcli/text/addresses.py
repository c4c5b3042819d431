"""Addresses on the web, in cloud storage and in the Hugging Face Hub, as streams of bytes."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import SEEK_END, BufferedReader, RawIOBase, UnsupportedOperation
from textwrap import shorten
from time import sleep
from typing import IO, Any, NamedTuple

from wvcli.errors import InputError, MissingExtraError, WvcliError
from wvcli.text.downloads import KeptDownload

OnSize = Callable[[int], None]

WEB = ("http://", "https://")
_S3 = ("s3://", "s3a://", "s3n://")
_HUB = "hf://"
_GOOGLE = ("gs://", "gcs://")
_AZURE = "azure://"
_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"  # the variable that Azure's own tools take, too
_HUB_PLACE = re.compile(r"hf://(?:(dataset|space)s/)?([^/@]+/[^/@]+)(?:@([^/]+))?(?:/(.*))?", re.DOTALL)
_WEAK = "W/"  # before an ETag of which the bytes may differ
_REMOTE_BUFFER = 1 << 17  # as much as smart_open itself asks for at a time
_PAUSES = (0.0, 1.0, 4.0)  # seconds before a page that broke off is asked for the rest again
_FOLDER_HINT = "a folder has a slash at the end of its address"
_LONGEST_REASON = 200  # characters; some clients quote a whole page
# a secret key of S3 may hold a slash
_PASSWORD = re.compile(r"^(s3[an]?://[^/:@]+):[^@]*@|^([\w+.-]+://[^/:@]+):[^/@]*@")


def without_password(source: str) -> str:
    """Return a source as it was given, without the password that an address may hold."""
    return _PASSWORD.sub(r"\1\2@", source)


def is_remote(source: str) -> bool:
    """Whether a source is an address such as `s3://bucket/key` or `https://host/path`."""
    return "://" in source


@contextmanager
def open_address(
    address: str, timeout: float, on_size: OnSize = lambda size: None, kept: KeptDownload | None = None
) -> Iterator[IO[bytes]]:
    """Open an address for reading; whatever goes wrong in its client is an `InputError`.

    Args:
        address: such as `s3://bucket/key`, `https://host/path` or `hf://owner/name/file`.
        timeout: seconds that a server may take to answer, or to go on sending.
        on_size: called with the number of bytes, if the server says it.
        kept: what came in an earlier run, and is kept for a later one.
    """
    import smart_open

    if re.fullmatch(r"(s3[an]?|gs)://[^/]*/*", address):
        raise InputError(f"{without_password(address)} names no file in the bucket")

    def connect() -> Any:
        page, headers = _hub_page(address) if address.startswith(_HUB) else (address, None)
        parameters = client_parameters(page, timeout) | ({"headers": headers} if headers else {})
        return smart_open.open(page, "rb", compression="disable", transport_params=parameters)

    with as_input_error(address):
        stream = _AddressStream(connect, address, kept)
    if stream.size is not None:
        on_size(stream.size)
    with BufferedReader(stream, _REMOTE_BUFFER) as buffered:
        yield buffered


@contextmanager
def open_object(address: str, timeout: float) -> Iterator[IO[bytes]]:
    """Open an object of cloud storage, of which parts can be read: what is opened can seek.

    Raises:
        InputError: it is not there, or its server does not answer.
        MissingExtraError: the package for such addresses is not installed.
    """
    import smart_open

    with as_input_error(address):
        parameters = client_parameters(address, timeout)
        stream = smart_open.open(address, "rb", compression="disable", transport_params=parameters)
    with stream:
        yield stream


def is_object(address: str) -> bool:
    """Whether an address is that of an object of cloud storage, of which parts can be read."""
    return address.startswith((*_S3, *_GOOGLE, _AZURE))


def object_size(address: str, timeout: float) -> int | None:
    """Return the bytes of an object of cloud storage; None for what is at another address.

    Raises:
        InputError: it is not there, or its server does not answer.
        MissingExtraError: the package for such addresses is not installed.
    """
    if not is_object(address):
        return None
    with open_object(address, timeout) as stream, as_input_error(address):
        return stream.seek(0, SEEK_END)


class HubPlace(NamedTuple):
    """Where in the Hugging Face Hub an address leads.

    Attributes:
        kind: of the repository: `dataset`, `space`, or None for a model.
        repository: its owner and name.
        revision: of it; None for the latest.
        file: the path of a file or folder in it; empty for all of it.
    """

    kind: str | None
    repository: str
    revision: str | None
    file: str


def hub_place(address: str) -> HubPlace | None:
    """Return where in the Hugging Face Hub an address leads; None for any other address.

    Example:
        >>> hub_place("hf://datasets/owner/name@v2/folder/file.txt")
        HubPlace(kind='dataset', repository='owner/name', revision='v2', file='folder/file.txt')
    """
    found = _HUB_PLACE.fullmatch(address)
    return HubPlace(found[1], found[2], found[3], found[4] or "") if found else None


def _hub_page(address: str) -> tuple[str, dict[str, str]]:
    """Return the web address of a file in the Hugging Face Hub, and the headers to ask for it with.

    Raises:
        MissingExtraError: huggingface_hub is not installed.
        InputError: the address names no file.
    """
    place = hub_place(address)
    if place is None or not place.file or place.file.endswith("/"):
        raise InputError(
            f"{address} names no file of the Hub",
            "expected hf://OWNER/NAME/FILE, or hf://datasets/OWNER/NAME/FILE",
        )
    hub = import_hub(address)
    page = hub.hf_hub_url(place.repository, place.file, repo_type=place.kind, revision=place.revision)
    token = hub.get_token()
    return page, {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})


def import_hub(address: str) -> Any:
    """Return the package huggingface_hub.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError(f"reading {address}", "hub") from error
    return huggingface_hub


def hub_files(address: str) -> list[str] | None:
    """Return the paths of the files in a repository of the Hugging Face Hub; None for any other address.

    Raises:
        InputError: the Hub has no such repository, or does not answer.
        MissingExtraError: huggingface_hub is not installed.
    """
    place = hub_place(address)
    if place is None or place.file:
        return None
    with as_input_error(address):
        listed = (
            import_hub(address)
            .HfApi()
            .list_repo_files(place.repository, repo_type=place.kind, revision=place.revision)
        )
    return list(map(str, listed))


def azure_client() -> Any:
    """Return the client for Azure's storage, with the key of the environment.

    Raises:
        InputError: the environment has none.
    """
    from azure.storage.blob import BlobServiceClient

    connection = os.environ.get(_CONNECTION)
    if not connection:
        raise InputError(f"{_AZURE} needs the variable {_CONNECTION}, which is not set")
    return BlobServiceClient.from_connection_string(connection)


def client_parameters(address: str, timeout: float) -> dict[str, Any]:
    """Return smart_open's parameters: a timeout, which its clients lack or set to minutes; and for Azure a client.

    How often S3 is tried again is for the user to set.

    Raises:
        InputError: Azure's client finds no key.
    """
    if address.startswith(WEB):
        return {"timeout": timeout}
    if address.startswith(_AZURE):
        return {"client": azure_client()}
    if address.startswith(_S3):
        try:
            from botocore.config import Config
        except ImportError:
            return {}  # smart_open is about to say so
        config = Config(connect_timeout=timeout / 3, read_timeout=timeout, tcp_keepalive=True)
        return {"client_kwargs": {"S3.Client": {"config": config}}}
    return {}


class _AddressStream(RawIOBase):
    """The bytes at an address; whatever goes wrong in its client is an `InputError`.

    Where a web server breaks off, the rest is asked for again, if the server gives parts and the page is the same.

    Args:
        connect: opens the address.
        address: what is read.
        kept: what came in an earlier run; what comes is added to it.

    Attributes:
        size: the number of bytes, if the server says it.
    """

    def __init__(self, connect: Callable[[], Any], address: str, kept: KeptDownload | None = None) -> None:
        self._connect = connect
        self._address = address
        self._stream = connect()
        self._version = _version(self._stream)
        self._position = 0
        length = getattr(self._stream, "content_length", None)
        self.size: int | None = length if isinstance(length, int) and length > 0 else None
        self._kept = kept if kept and self._begins(kept) else None

    def _begins(self, kept: KeptDownload) -> bool:
        """Whether what comes is to be kept; the server then goes on after what was kept before."""
        if self._version is None or self._version.startswith(_WEAK):
            return False
        before = kept.begin(self._version)
        if not before:
            return True
        kept.is_broken_off = True  # if the server fails now
        try:
            is_continued = before <= (self.size or 0) and self._stream.seek(before) == before
        except UnsupportedOperation:  # the server sends all again
            is_continued, self._stream = False, self._connect()
        kept.is_broken_off = False
        if not is_continued:
            kept.discard()
        return is_continued

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._kept.read(self._position, len(buffer)) if self._kept else b""
        if not data:
            with as_input_error(self._address):
                data = self._received(len(buffer))
        self._position += len(data)
        buffer[: len(data)] = data
        return len(data)

    def _received(self, most: int) -> bytes:
        """Return at most this many bytes, the next ones of the server, and keep them."""
        try:
            data = self._read(most)
        except Exception:  # any of its clients' errors, which goes on from here
            if self._kept:
                self._kept.is_broken_off = True
            raise
        if self._kept:
            self._kept.add(data)
        return data

    def _read(self, most: int) -> bytes:
        """Return at most this many bytes, the next ones, after a new connection if need be."""
        for pause in _PAUSES:
            try:
                return bytes(self._stream.read(most))
            except Exception:  # the errors of its clients have no other root
                if self._version is None or not self._position or not self._resumed(pause):
                    raise
        return bytes(self._stream.read(most))

    def _resumed(self, pause: float) -> bool:
        """Whether a new connection gives the rest of what was read before."""
        sleep(pause)
        try:
            stream = self._connect()
            if _version(stream) != self._version:
                return False
            stream.seek(self._position)
        except UnsupportedOperation:  # the server sends all again
            return False
        except Exception:  # whatever the client calls it, the server is away; perhaps not after the next pause
            return True
        self._stream = stream
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()


def _version(stream: Any) -> str | None:
    """Return what tells one state of a web page from another, or None: nothing does, or it is no web page."""
    headers = getattr(getattr(stream, "response", None), "headers", {})
    return headers.get("ETag") or headers.get("Last-Modified")


@contextmanager
def as_input_error(address: str) -> Iterator[None]:
    """Turn the errors of all clients, which have no root but Exception, into an `InputError`."""
    try:
        yield
    except WvcliError:
        raise
    except ImportError as error:
        raise MissingExtraError(f"reading {without_password(address)}", "remote") from error
    except NotImplementedError as error:
        scheme = address.partition("://")[0]
        raise InputError(f"cannot read {without_password(address)}: no reader for {scheme}:// is known") from error
    except Exception as error:
        reason = _reason(error)
        hint = _FOLDER_HINT if "NoSuchKey" in reason else ""
        raise InputError(f"cannot read {without_password(address)}: {reason}", hint) from error


def _reason(error: BaseException) -> str:
    """Say why a client failed, in one line: in the system's words if there are any, else the innermost error's."""
    chain = [error]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    by_system = [link.strerror for link in chain if isinstance(link, OSError) and link.strerror]
    reason = (by_system or [str(chain[-1]) or type(chain[-1]).__name__])[-1]
    if reason.startswith("IncompleteRead("):
        return "the server broke off " + reason.removeprefix("IncompleteRead")
    reason = re.sub(r"^smart_open\S*\(.*?\): | for url: \S+$", "", reason)
    return shorten(reason, _LONGEST_REASON, placeholder=" …")
