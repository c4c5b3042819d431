"""The model file, which model is meant, models made of other systems' files, and the approximate index.

Paths come in; open models and their `Vectors` go out.
"""
