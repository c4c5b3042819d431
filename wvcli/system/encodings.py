"""Encodings of text, by the names that Python knows."""

import codecs
from dataclasses import dataclass

from wvcli.errors import UsageError

_ERROR_HANDLERS = ("strict", "replace", "ignore")


@dataclass(frozen=True)
class Encoding:
    """How text is written in bytes.

    Attributes:
        name: what the user calls it.
        codec: what Python calls it.
        errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
    """

    name: str = "utf-8"
    codec: str = "utf-8"
    errors: str = "strict"

    @classmethod
    def of(cls, name: str, errors: str) -> "Encoding":
        """Find the encoding with this name.

        Raises:
            UsageError: there is none with this name, it is not one of text, or `errors` is none of the three.
        """
        try:
            found = codecs.lookup(name)
        except (LookupError, ValueError) as error:
            raise UsageError(f"there is no encoding called {name!r}") from error
        if not found._is_text_encoding or found.name == "undefined":
            raise UsageError(f"{name!r} is not an encoding of text")
        if errors not in _ERROR_HANDLERS:
            raise UsageError(f"`encoding_errors` must be {', '.join(_ERROR_HANDLERS)}, not {errors!r}")
        return cls(name, found.name, errors)

    @property
    def is_utf8(self) -> bool:
        """Whether it is UTF-8, in which a line can be cut anywhere between two characters."""
        return self.codec == "utf-8"

    @property
    def extends_ascii(self) -> bool:
        """Whether what ASCII has, numbers and line ends, is written as in ASCII."""
        return "1 -.e\t\n".encode(self.codec, "replace") == b"1 -.e\t\n"

    @property
    def is_wide(self) -> bool:
        """Whether it is UTF-16 or UTF-32, where a byte of 10 may be a part of any character."""
        return self.codec.startswith(("utf-16", "utf-32"))
