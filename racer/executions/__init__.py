"""Programs as executions: their threads as graphs are enumerated from, and what models say of them.

A thread is the automaton that every other question is asked of, so a program under a memory model
that has no machine is the same program.
"""
