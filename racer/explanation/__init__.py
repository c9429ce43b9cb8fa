"""Explanations: what a trace shows, as data. A renderer places it and computes nothing.

Values are text here, and every step has a name that people can quote: C4 is the fourth step
of the thread whose short name is C. `telling` is where to begin.
"""
