"""Many items of work: one after the other, in processes of this machine, or on those of a cluster.

Who shares them gets the same answers whichever it is; only how long that takes differs.
"""
