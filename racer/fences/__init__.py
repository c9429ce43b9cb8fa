"""Which barriers a program lacks under a memory model, and which of its own it does not need.

Barriers are put into threads, and the changed program is explored: what is said of a set of
barriers is said of all executions that it leaves.
"""
