"""Differences: what only one of two programs shows, and where the other one escapes it.

`diffing` is where to begin.
"""
