"""Labels for texts: a classifier learned from labelled texts, kept in one file, asked, explained and judged.

Labelled texts come in, from any source that training reads; out go classifier files, labels with probabilities,
and scores. Nothing is imported here, so that a question imports what it needs alone.
"""
