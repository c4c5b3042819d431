"""From text to a model: settings, the text encoded, the loop over epochs, checkpoints, loss, starting points.

`train.py` has the doors: `train`, `update` and, for what a run would take, `plan`. Sources and settings come in; a
model file goes out. What computes the vectors is an engine, a family in `engines/`.
"""
