"""The matrix of word vectors and every question that it answers, with NumPy alone.

A vocabulary and a matrix come in, `Vectors`; words, neighbours, scores and chosen or reduced vectors go out.
"""
