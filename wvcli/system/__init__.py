"""What depends on the computer and its operating system: files put in place at once, files of tensors, paging,
processors and threads, and loops compiled by Numba.

Paths, arrays and functions come in; bytes on disk and answers in order go out. Nothing here knows of words.
"""
