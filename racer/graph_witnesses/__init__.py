"""Witnesses that are no schedules: executions as files, and what checks them.

The checker was written from the models' published texts, and shares nothing with what enumerates
executions: neither graphs and relations nor models, values nor automata.
"""
