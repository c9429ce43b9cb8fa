"""Exploring: which states a program can reach, in how many ways, and how to get there.

graph         the search for all states
counting      exact numbers of interleavings, as paths through the graph
preemptions   minimal witnesses
exploring     explore(): all of these, and the replay of every violation
"""

from racer.explore.exploring import explore

__all__ = ["explore"]
