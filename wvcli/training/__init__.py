"""From encoded text to a model: settings, the loop over epochs, checkpoints, loss, forecasts, starting points.

Sources and settings come in; a model file goes out. The loops themselves are engines, a family in `engines/`.
"""
