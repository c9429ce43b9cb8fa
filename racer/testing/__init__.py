"""racer under pytest: checks in tests, scenarios and claims as tests, schedules that are kept.

`plugin.py` is what pytest loads, whether a test asks for racer or not; so nothing else of racer is
imported there until one does.
"""
