"""Tokenized text as numbers: batches of it, shards on disk, joined phrases and text kept for further models.

Blocks of text and a tokenizer come in; an encoded corpus with its vocabulary and counts goes out.
"""
