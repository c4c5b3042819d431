"""Texts found and compared by meaning: vectors of texts, search, and lines with a word near the one asked for.

Vectors of words and sources of text come in; vectors of texts, passages and lines go out.
"""
