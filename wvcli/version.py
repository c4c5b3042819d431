"""The version, which the package, its files and its help give from here."""

__version__ = "0.1.0"
