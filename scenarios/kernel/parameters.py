"""What scenarios can be asked for: the values of each parameter that more than one of them takes.

A scenario that takes some of the values only does so by one of the sets named here. A parameter of
one scenario alone, or of two that share a page, stands in that scenario's own file.

WhatIf marks what is not the C: suggestions that were not posted, fixes that nobody made, bugs that
are made up, states that cannot be. Configured marks what one kernel has one value of.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from racer import Configured, InC, Meanings, Range, Role, WhatIf

# The classifier, version by version: see classifier.py.

_Posted = Literal["v8", "v9", "v10"]
_Ours = Literal["headonly", "reviewed", "v10_rmb", "tryget", "zlock"]  # not posted
_Versions = Literal["v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget", "zlock"]
_WithoutOptOut = Literal["headonly", "reviewed", "v10", "v10_rmb"]

VERSIONS = Meanings(
    {
        "before": "the kernel before the patch: nothing is asked",
        "v8": "as posted: p's own type, without compound_head()",
        "headonly": "suggested in the review of v8: the type of p's head, which is read once",
        "v9": "as posted: p's head is read again after a type that was found",
        "reviewed": "suggested in the review of v9: v9 without its opt-out for movable_ops",
        "v10": "as posted and merged: p's head is always read again",
        "v10_rmb": "v10 with smp_rmb() before it reads p's head again",
        "tryget": "under a reference to p's head, which is then read again",
        "zlock": "under zone->lock, with no reference; p's head is read once",
    }
)

# Functions of the kernel for which C can be given, by all names that they have had.
IN_C = InC(
    Path(__file__).with_name("page_model.toml"),
    Role(
        "classifier",
        ("HWPoisonKernelOwned", "is_kernel_owned_page"),
        is_value=True,
        prototype="bool f(struct page *page, unsigned long flags)",
    ),
    Role(
        "handlable",
        ("HWPoisonHandlable",),
        prototype="bool f(struct page *page, unsigned long flags)",
    ),
    Role(
        "getting",
        ("__get_hwpoison_page",),
        prototype="int f(struct page *page, unsigned long flags)",
    ),
)

Version = Annotated[_Versions, Configured(), WhatIf(*get_args(_Ours)), VERSIONS, IN_C]
Variant = Annotated[  # before the patch there is no version of a classifier
    Literal["before", _Versions], Configured(), WhatIf(*get_args(_Ours)), VERSIONS, IN_C
]
RecheckingVersion = Annotated[  # of the versions posted, those that look again
    Literal["v9", "v10"], Configured(), VERSIONS, IN_C
]
WrittenOut = Annotated[  # the same, where the scenario has their loads itself: no C can replace it
    Literal["v9", "v10"], Configured(), VERSIONS
]
PostedVariant = Annotated[Literal["before", _Posted], Configured(), VERSIONS, IN_C]  # no what-ifs
WithoutOptOut = Annotated[  # held against v9, which has it
    _WithoutOptOut,
    Configured(),
    WhatIf(*(each for each in get_args(_WithoutOptOut) if each in get_args(_Ours))),
    VERSIONS,
    IN_C,
]

# These load p's head again after its type.
LOOKS_AGAIN: tuple[Variant, ...] = ("v9", "reviewed", "v10", "v10_rmb")

# In these something follows the load that finds a type: what loses it by then is answered stale.
TRUE_IS_LATE: tuple[Variant, ...] = (*LOOKS_AGAIN, "zlock")

# In these something follows the load that finds no type before "not kernel-owned" is the answer:
# what is no tail, and gets a type by then, is answered stale.
FALSE_IS_LATE: tuple[Variant, ...] = ("v10", "v10_rmb", "tryget", "zlock")

TypeReads = Annotated[
    Literal["fused", "three", "sunk"],
    Configured(),
    WhatIf("sunk"),
    Meanings(
        {
            "fused": "one load of the type, as gcc makes of the three",
            "three": "three loads of the type, as it is written",
            "sunk": "one load of the type, which a compiler has moved below v10's re-read",
        }
    ),
]
Only = Annotated[
    Literal["any", "handlable", "unmarked"],
    Meanings(
        {
            "any": "any wrong answer",
            "handlable": "only those about a page that is handlable when the call begins",
            "unmarked": "only those about a page that is without PG_hwpoison",
        }
    ),
]

# Who asks it, and what becomes of the answer: see memory_failure.py.

_WhoAsks = Literal["memory_failure", "soft_offline"]
_CALLERS = Meanings(
    {
        "memory_failure": "memory_failure(): it has set PG_hwpoison before it asks",
        "soft_offline": "soft_offline_page(): it has set nothing yet",
        "count_increased": "madvise(), with a reference of its own: MF_COUNT_INCREASED",
    }
)
WhoAsks = Annotated[_WhoAsks, _CALLERS]
Caller = Annotated[Literal[_WhoAsks, "count_increased"], _CALLERS]  # madvise() calls either
Depth = Annotated[
    Literal["classifier", "whole"],
    Meanings(
        {
            "classifier": "a call is followed to the classifier's answer",
            "whole": "a call is followed to its end",
        }
    ),
]
Injects = Annotated[
    Literal["soft_offline", "hwpoison"],
    Meanings(
        {
            "soft_offline": "MADV_SOFT_OFFLINE, which calls soft_offline_page()",
            "hwpoison": "MADV_HWPOISON, which calls memory_failure()",
        }
    ),
]
OnHit = Annotated[
    Literal["put", "leak", "put_twice"],
    WhatIf("leak", "put_twice"),
    Meanings(
        {
            "put": "the reference is put",
            "leak": "a made-up bug: it is not put",
            "put_twice": "a made-up bug: it is put twice",
        }
    ),
]
SecondTry = Annotated[
    Literal["same_flags", "cleared"],
    WhatIf("cleared"),
    Meanings(
        {
            "same_flags": "the second try has MF_COUNT_INCREASED as well, as in the C",
            "cleared": "the second try has it cleared, as in soft_offline_page()",
        }
    ),
]
Followup = Annotated[bool, Configured()]  # the patch after this one, which tells errnos apart
Panic = Annotated[bool, Configured()]  # vm.panic_on_unrecoverable_memory_failure

# Who uses the memory meanwhile: see allocator.py and users.py.

FlagsRmw = Annotated[
    Literal["split", "atomic"],
    WhatIf("atomic"),
    Meanings({"split": "a load and a store, as in the C", "atomic": "|= is one step"}),
]
FrozenAs = Annotated[  # see refcount.py
    Literal["zero", "bit"],
    Configured(),
    Meanings(
        {
            "zero": "a count of 0, as in Linux 6.12: the last put is one step",
            "bit": "a bit of the count, as posted in 2026: the last put is two steps",
        }
    ),
]
Drains = Annotated[  # see lru.py
    Literal["all", "alive"],
    Configured(),
    Meanings(
        {
            "all": "what rests in a batch is put on the LRU, as in Linux 6.12",
            "alive": "what nobody else holds is freed before that, as in newer kernels",
        }
    ),
]
CheckPages = Annotated[bool, Configured()]  # check_new_pages(): CONFIG_DEBUG_VM and others
_Reuse = Literal["slab", "slab_then_thp"]
_REUSES = Meanings(
    {
        "slab": "a slab",
        "slab_then_thp": "a slab, free again, and then a THP",
        "thp_slab_thp": "a THP, free again, a slab, free again, and then a THP",
    }
)
Reuse = Annotated[_Reuse, _REUSES]
LongReuse = Annotated[Literal[_Reuse, "thp_slab_thp"], _REUSES]
SlabOrder = Annotated[int, Range(0, 1)]
