"""Lifting: a modelled thread becomes a finite automaton, once.

identity    when two suspended runs are the same node
automaton   nodes, edges, value tables; minimisation
growing     an automaton that runs its coroutine for each new edge
lifting     closure over all values that cells can hold; the digest
"""
