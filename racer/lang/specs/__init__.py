"""Objects held against a sequential specification, a plain class: do calls have an order?"""
