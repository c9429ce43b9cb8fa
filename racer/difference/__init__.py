"""Differences: what only one of two programs shows, and where the other one escapes it.

data        what a difference consists of
comparing   labels, outcomes and values of two results, held against each other
following   the other program under a schedule that is not its own
escaping    from which step on a label is out of reach
aligning    two replays of one schedule, step beside step
diffing     diff(): all of these
"""
