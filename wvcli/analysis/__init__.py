"""What vectors show of a language: two models compared, and the contexts that two words share.

`Vectors` and a corpus come in; words, moves and passages go out.
"""
