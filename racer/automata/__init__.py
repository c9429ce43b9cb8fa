"""Lifting: a modelled thread becomes a finite automaton, once.

`lifting` is where to begin; whether two suspended runs are one node is `identity`'s.
"""
