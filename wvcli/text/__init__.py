"""Strings: where text comes from, how it is decoded, which records it holds and where words begin and end.

Names of files, addresses and settings come in; texts and their tokens go out.
"""
