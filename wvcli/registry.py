"""One class for every family of interchangeable members: formats, tokenizers, engines."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, TypeVar

from wvcli.errors import UsageError
from wvcli.system.garbage import gc_paused

Member = TypeVar("Member")


class Registry(Generic[Member]):
    """The members of a package, one module each, imported only when asked for.

    A module `word2vec_text.py` is the member `word2vec-text`; it offers itself as the module attribute
    named after the family in capitals (`FORMAT`, `TOKENIZER`, `ENGINE`). A module whose name begins with `_` is
    no member: it holds what the members share.

    Args:
        family: the singular noun of the family, used in messages.
        package: the dotted name of the package that holds the modules.
        choices: further names that a user may give, such as `auto` for the most suitable member; hints name them.
    """

    def __init__(self, family: str, package: str, choices: Sequence[str] = ()) -> None:
        self.family = family
        self.package = package
        self._choices = choices

    @cached_property
    def _modules(self) -> dict[str, str]:
        found = iter_modules(import_module(self.package).__path__)
        names = [module.name for module in found if not module.name.startswith("_")]
        return {name.replace("_", "-"): name for name in names}

    def names(self) -> list[str]:
        """Return the names of all members, in alphabetical order; imports none of them."""
        return sorted(self._modules)

    def get(self, name: str) -> Member:
        """Import the member called `name`, in upper or lower case.

        Raises:
            UsageError: no member has that name; the hint proposes a near one.
        """
        module = self._modules.get(name.lower())
        if module is None:
            raise UsageError(f"no {self.family} is called {name!r}", self._hint(name))
        with gc_paused():  # some stand on large packages
            member: Member = getattr(import_module(f"{self.package}.{module}"), self.family.upper())
        return member

    def __iter__(self) -> Iterator[Member]:
        return map(self.get, self.names())

    def _hint(self, name: str) -> str:
        from difflib import get_close_matches

        known = sorted([*self._choices, *self.names()])
        near = get_close_matches(name.lower(), known, n=1)
        return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
