"""From a Program to a Result: searches run, compared, and every violation replayed.

`exploring` is where to begin.
"""
