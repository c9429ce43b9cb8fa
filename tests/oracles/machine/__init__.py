"""A second account of small programs, which shares no code with racer's.

programs   a program as data, as Python text for racer, and as code for the machine; random ones
states     a state machine without coroutines, its runs, and searches of all schedules
holding    an Explanation held against the machine, as racer.explanation.data defines it
"""
