"""Searches over the states of a machine: reduced, counted, cheapest, or with a question.

Nothing here knows what a memory model does, nor words anything.
"""
