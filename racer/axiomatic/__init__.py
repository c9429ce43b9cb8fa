"""Executions as graphs: events, what orders them, and the memory models that allow them or not.

A test is a handful of short threads. All its graphs are enumerated once, and each is shown to every
model that is asked for.
"""
