"""Exploring: which states a program can reach, in how many ways, and how to get there.

stubborn      which moves have to be explored, and which may wait
symmetry      copies of a thread are interchangeable: states and outcomes up to that
graph         the search for states
components    cycles of a state graph
counting      exact numbers of interleavings, as paths through the full graph
preemptions   the search for schedules with the fewest preemptions
shown         which labels and outcomes a graph shows, and how often
witnesses     a schedule for each of them
report        the Result: all of these, and the replay of every violation
exploring     explore()
"""
