"""Folders and patterns in cloud storage: the files that their addresses name, as the storage lists them.

`s3://bucket/folder/` names the files of a folder and its subfolders, and `s3://bucket/*/part-*.gz` those that
match. Storage knows no folders, only keys with slashes in them; which files are read of them is as on disk, see
`sources.expand`.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from glob import has_magic
from typing import Any, NamedTuple

from wvcli.errors import InputError
from wvcli.text.addresses import (
    HubPlace,
    as_input_error,
    azure_client,
    client_parameters,
    hub_place,
    import_hub,
    without_password,
)

_Listed = Iterator[tuple[str, int]]  # the key of each file, and its bytes

_BUCKET = re.compile(r"(s3[an]?|gs|gcs|azure)://([^/:@]+:[^@]*@)?([^/]+)(?:/(.*))?", re.DOTALL)
_VERSION = re.compile(r"[?&]versionId=")  # at the end of the address of a file
_WILDCARD = re.compile(r"\*+|\?|\[!?\]?[^]]*\]|.", re.DOTALL)
_MODEL = ".safetensors"


class _Place(NamedTuple):
    """Where in a storage an address leads.

    Attributes:
        root: what stands before the key, the slash with it.
        name: of the bucket, container or repository.
        key: the name of a file, of a folder with a slash at its end, or a pattern.
        list_keys: yields the files whose keys begin with a prefix, for the seconds that an answer may take.
    """

    root: str
    name: str
    key: str
    list_keys: Callable[[str, float], _Listed]


def names_several(address: str) -> bool:
    """Whether an address may name several files, of a storage that lists what it has.

    Example:
        >>> names_several("s3://bucket/folder/"), names_several("s3://bucket/file.txt")
        (True, False)
    """
    place = _place(address)
    return place is not None and (is_folder(address) or has_magic(place.key))


def is_folder(address: str) -> bool:
    """Whether an address names a folder of a storage, or all that is in it."""
    place = _place(address)
    return place is not None and (not place.key or place.key.endswith("/")) and not has_magic(place.key)


def folder_name(address: str) -> str:
    """Return the name of a folder without those above it; of a whole storage its own."""
    place = _place(address)
    return "" if place is None else place.key.rstrip("/").rpartition("/")[2] or place.name


def list_files(address: str, timeout: float) -> dict[str, int]:
    """Return the addresses of the files that an address names, sorted, with their bytes.

    A key that is the address itself, wildcards included, is the file that is meant.

    Args:
        address: a folder, or a pattern with `*`, `?`, `[]` within the names of folders and files, or `**` for
            any number of folders.
        timeout: seconds that the storage may take to answer.

    Raises:
        InputError: there are none, or the storage does not list them.
        MissingExtraError: the package for such addresses is not installed.
    """
    place = _place(address)
    if place is None:
        raise InputError(f"{without_password(address)} is no address of a storage that lists its files")
    root, _, key, list_keys = place
    shown = without_password(address)
    with as_input_error(address):
        begins = re.split(r"[*?[]", key, maxsplit=1)[0] if has_magic(key) else key
        files = {found: size for found, size in list_keys(begins, timeout) if not found.endswith("/")}
        if key in files:
            return {root + key: files[key]}
        folder = f"{key.rstrip('/')}/" if key else ""
        inside = [found for found in files if found.startswith(folder)]
        if inside or is_folder(address):
            taken = {found for found in inside if _is_text(found.removeprefix(folder))}
        else:
            taken = _matching(key, files)
    if not taken:
        raise InputError(
            f"the folder {shown} holds no files to read" if is_folder(address) else f"no file matches {shown}"
        )
    return {root + found: files[found] for found in sorted(taken)}


def _place(address: str) -> _Place | None:
    """Return where an address leads; None for what cannot be listed."""
    if hub := hub_place(address):
        root = f"{address.removesuffix(hub.file).rstrip('/')}/"
        return _Place(root, hub.repository.rpartition("/")[2], hub.file, partial(_keys_of_hub, hub))
    matched = _BUCKET.fullmatch(address)
    if matched is None or _VERSION.search(address):
        return None
    scheme, login, bucket, key = matched.groups(default="")
    listers = {"gs": _keys_of_google, "gcs": _keys_of_google, "azure": _keys_of_azure}
    list_keys = listers.get(scheme) or partial(_keys_of_s3, login)
    return _Place(f"{scheme}://{login}{bucket}/", bucket, key, partial(list_keys, bucket))


def _is_text(inside: str) -> bool:
    """Whether a file of this path in a folder is read with it: is no model, and nothing on the path is hidden."""
    return "/." not in f"/{inside}" and not inside.endswith(_MODEL)


def _matching(pattern: str, files: dict[str, int]) -> set[str]:
    """Return the files that match a pattern, and those of the folders that do."""
    is_match = re.compile(_expression(pattern)).fullmatch
    folder = re.compile(f"(?:{_expression(pattern.rstrip('/'))})/(.*)", re.DOTALL).fullmatch
    return {key for key in files if is_match(key) or ((found := folder(key)) and _is_text(found[1]))}


def _expression(pattern: str) -> str:
    """Return the regular expression for a pattern."""
    *folders, name = pattern.split("/")
    expressions = [r"(?:(?!\.)[^/]+/)*" if each == "**" else f"{_of_name(each)}/" for each in folders]
    return "".join(expressions) + (r"(?:(?!\.)[^/]+/)*(?!\.)[^/]+" if name == "**" else _of_name(name))


def _of_name(pattern: str) -> str:
    """Return the regular expression for the name of a file or folder."""
    expression = _WILDCARD.sub(lambda found: _of_wildcard(found[0]), pattern)
    return rf"(?!\.){expression}" if has_magic(pattern[:1]) else expression


def _of_wildcard(found: str) -> str:
    if found.startswith("*"):
        return "[^/]*"
    if found == "?":
        return "[^/]"
    if len(found) == 1:
        return re.escape(found)
    inside = found[1:-1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"


def _keys_of_s3(login: str, bucket: str, begins: str, timeout: float) -> _Listed:
    import boto3

    name, _, secret = login.rstrip("@").partition(":")
    keys = {"aws_access_key_id": name, "aws_secret_access_key": secret} if login else {}
    settings = client_parameters("s3://", timeout)["client_kwargs"]["S3.Client"]
    client = boto3.client("s3", **settings, **keys)
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=begins):
            for item in page.get("Contents", ()):
                yield item["Key"], item["Size"]
    finally:
        client.close()


def _keys_of_google(bucket: str, begins: str, timeout: float) -> _Listed:
    from google.cloud import storage

    for blob in storage.Client().list_blobs(bucket, prefix=begins, timeout=timeout):
        yield blob.name, blob.size


def _keys_of_azure(container: str, begins: str, timeout: float) -> _Listed:
    client: Any = azure_client().get_container_client(container)
    for blob in client.list_blobs(name_starts_with=begins, timeout=int(timeout)):
        yield blob.name, blob.size


def _keys_of_hub(place: HubPlace, begins: str, timeout: float) -> _Listed:
    folder = begins.rpartition("/")[0]
    api = import_hub(place.repository).HfApi()
    tree = api.list_repo_tree(
        place.repository, folder or None, recursive=True, revision=place.revision, repo_type=place.kind
    )
    for item in tree:
        if getattr(item, "size", None) is not None:  # a folder has none
            yield item.path, item.size
