"""A map of words: vectors come in, and a page, a picture or a table with places, clusters and neighbours goes out.

`points` chooses what is shown, `layout` places it, `word_map` puts the parts together, and `writing` writes them.
"""
