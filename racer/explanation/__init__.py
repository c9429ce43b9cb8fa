"""Explanations: what a trace shows, as data. A renderer places it and computes nothing.

Values are text here, and every step has a name that people can quote: C4 is the fourth step
of the thread whose short name is C.

data        what an explanation consists of
naming      how steps, values and operations are called
history     the states between a trace's steps; why each switch happened
scene       the violating step, and what its thread read
conflicts   what these reads conflict with; values that came back
fairness    infinite schedules in which every thread goes on that can
exact       questions about all schedules of the program
candidates  orderings of the witness that may matter
deciding    the decisive orderings, the point of no return, the threads needed
causes      the cause in one sentence
folding     which rows a picture may fold
telling     explain()
states      the whole state before the first step and after each
contrasting an alignment of two schedules, told in two columns
"""
