"""Clusters: each runs tasks on other processes or machines, which exchange files through a work folder.

A task is a function of a module of wvcli. It gets the work folder and a JSON object, and returns a JSON object. It
may run twice, anywhere, and at the same time: it writes only files whose names no other has, and only the files
that its result names are ever read.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from wvcli.errors import UsageError
from wvcli.registry import Registry
from wvcli.training.work_folder import WorkFolder

Values = Mapping[str, Any]  # a JSON object
Task = Callable[[WorkFolder, Values], Values]


class Executors(Protocol):
    """What runs tasks.

    Attributes:
        cores: processors that a task may use.
    """

    @property
    def cores(self) -> int: ...

    def run(self, task: Task, work: WorkFolder, arguments: Sequence[Values]) -> list[Values]:
        """Run a task once for each of the arguments, and return its results in their order.

        Raises:
            WvcliError: what a task raised, of several the first one; or a task failed several times.
        """


@dataclass(frozen=True)
class Cluster:
    """A kind of cluster.

    Attributes:
        name: what it is called.
        about: one line for the help.
        addresses: a regular expression for the addresses that it is reached at.
        example: one of these addresses.
        connect: connects to the cluster at an address, within a `with` block.
    """

    name: str
    about: str
    addresses: str
    example: str
    connect: Callable[[str], AbstractContextManager[Executors]]


registry: Registry[Cluster] = Registry("cluster", __name__)


def cluster_at(address: str) -> Cluster:
    """Return the kind of cluster that is reached at an address.

    Raises:
        UsageError: no kind is.

    Example:
        >>> cluster_at("local[2]").name
        'spark'
    """
    known = list(registry)
    for cluster in known:
        if re.fullmatch(cluster.addresses, address):
            return cluster
    examples = ", ".join(cluster.example for cluster in known)
    raise UsageError(f"`cluster={address}` is no address of a cluster", f"examples: {examples}")


@contextmanager
def connected(address: str) -> Iterator[Executors]:
    """Connect to the cluster at an address.

    Raises:
        UsageError: it is no address of a cluster.
        MissingExtraError: the package that connects to it is not installed.
        WvcliError: there is no connection.
    """
    with cluster_at(address).connect(address) as executors:
        yield executors
