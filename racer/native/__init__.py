"""The compiled search: a library in plain C, and what gives it a program's tables.

It knows no Python, and nothing here decides what is searched: that is `search/`. Where the library
is not there, everything is done in Python, with the same results.
"""
