"""What scenarios can be asked for: the values of each parameter that more than one of them takes.

A scenario that takes some of the values only does so by one of the sets named here. A parameter of
one scenario alone, or of two that share a page, stands in that scenario's own file.
"""

from typing import Annotated, Literal

from racer import Range

# The classifier, version by version: see classifier.py.

Version = Literal["v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget"]
Variant = Literal["before", Version]  # before the patch there is no version of a classifier
RecheckingVersion = Literal["v9", "v10"]  # of the versions posted, those that look again
PostedVariant = Literal["before", "v8", RecheckingVersion]  # no what-ifs
WithoutOptOut = Literal["headonly", "reviewed", "v10", "v10_rmb"]  # held against v9, which has it

# These load p's head again after its type.
LOOKS_AGAIN: tuple[Variant, ...] = ("v9", "reviewed", "v10", "v10_rmb")

TypeReads = Literal["three", "fused"]
Only = Literal["any", "handlable", "unmarked"]

# Who asks it, and what becomes of the answer: see memory_failure.py.

WhoAsks = Literal["memory_failure", "soft_offline"]
Caller = Literal[WhoAsks, "count_increased"]  # madvise() calls either, with a reference of its own
Depth = Literal["classifier", "whole"]
Injects = Literal["soft_offline", "hwpoison"]
OnHit = Literal["put", "leak", "put_twice"]
SecondTry = Literal["same_flags", "cleared"]

# Who uses the memory meanwhile: see allocator.py and users.py.

FlagsRmw = Literal["split", "atomic"]
Reuse = Literal["slab", "slab_then_thp"]
SlabOrder = Annotated[int, Range(0, 1)]
