"""The compiled search, and the one in Python that it has to agree with."""
