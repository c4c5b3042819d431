"""How good vectors are: test sets, the tasks that score them, and the scores with their intervals.

`Vectors` and test sets come in; scores go out.
"""
