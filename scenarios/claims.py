"""What was claimed about the classifier in its review, and what decides it: `racer claims`.

The claims are those of the mail thread of "mm/memory-failure: add panic option for unrecoverable
pages" (v8 27 May, v9 9 June, v10 26 and 30 June 2026), in its words or close to them. Each names
the scenarios and parameters that decide it. The expected answers are derived by hand in the
headers of those scenarios, not taken from a run; `racer claims` computes them anew. What was
claimed of the classifier's callers, and what is not asked, is in claims_of_callers.py.

Where an answer is a condition, it is about the model's parameters:
    flags_rmw    split is what the kernel's plain flag updates are; atomic is a what-if
    check_pages  check_new_pages() is compiled in and switched on
    panic        the sysctl; on unless it is named

`as_the_c_is` is the answer of the kernel that people run. It follows from the condition, by hand:
    refuted      it is not met where no parameter is a what-if: it wants flags_rmw=atomic (C7 for
                 reuse=slab_then_thp, C8, C10, C14), that no owner gives its page back (C13, C15,
                 C16), or second_try=cleared (C17)
    holds        C11: its condition is that states of the page are those that the kernel has
    depends on   C12: what an answer is to be true of, the last pass or the call
    not asked    what it is about is no version that was posted: headonly (C1), or anything that
                 could be written (C4, C9)
"""

from racer import Answer, Claim, Never, Same, Shows, Universal

from .claims_of_callers import CALLERS, CHECKS, NOT_ASKED, OF_ITS_CALLERS, RMW
from .free_alloc_free import free_alloc_free
from .higher_order_split import higher_order_split
from .last_pass import last_pass
from .movable_ops import movable_ops, movable_ops_race
from .reserved import reserved
from .slab_tail import slab_tail
from .split_race import split_race

THPS = ("slab_then_thp", "thp_slab_thp")  # one THP on H after the old one, or two

# What a classifier without a race has. Whom the first of these rules out is not put to the others.
NOT_RULED_OUT = ("v8", "tryget", "zlock")
NO_RACE = (
    Never(
        "misclassified",
        split_race,
        variant=("v8", "headonly", "v9", "reviewed", "v10", "v10_rmb", "tryget", "zlock"),
        caller="soft_offline",
    ),
    Never(
        "misclassified",
        free_alloc_free,
        variant=NOT_RULED_OUT,
        caller=CALLERS,
    ),
    Never("misclassified", higher_order_split, variant=NOT_RULED_OUT, page="first"),
    Never("misclassified", slab_tail, variant=NOT_RULED_OUT, neighbour="kernel"),
    Never(
        "missed",
        slab_tail,
        variant=NOT_RULED_OUT,
        owner=("slab", "table", "large_kmalloc"),
        move="none",
    ),
    Never("missed", slab_tail, variant=NOT_RULED_OUT, neighbour="kernel"),
    Never("reference_overwritten", reserved, variant=NOT_RULED_OUT, reuse="slab"),
)

OF_THE_CLASSIFIER = (
    Claim(
        "C1",
        "without a re-read: the head is split right after compound_head(), freed to the buddy and "
        "allocated as slab while the page is still free or on the LRU, which is a wrong panic",
        made="review of v8",
        asks=(
            Shows(
                "misclassified",
                split_race,
                effect="panic",
                variant="headonly",
                caller="memory_failure",
                reuse="slab",
            ),
        ),
        expected=Answer("holds"),
        as_the_c_is=Answer("not asked"),
        because="the race needs two preemptions; the header of split_race has the schedule",
    ),
    Claim(
        "C4",
        "the only way to have no race is to tryget the page and to revalidate",
        made="review of v8",
        asks=NO_RACE,
        universal=Universal("variant", but=("tryget",)),
        expected=Answer("refuted", by="variant=zlock"),
        as_the_c_is=Answer("not asked"),
        because="head and types under zone->lock, without a reference, are never wrong: from one "
        "type on a head to another a page goes by way of the free lists. With a reference slabs "
        "and large kmallocs are missed, which are frozen: there is none to be had; and one to a "
        "page that is about to be freed as reserved is overwritten",
    ),
    Claim(
        "C7",
        "the recheck closes the common split race",
        made="v9, v10",
        asks=(
            Never(
                "misclassified",
                split_race,
                variant=("v9", "v10"),
                reuse=("slab", "slab_then_thp"),
                caller=CALLERS,
                flags_rmw=RMW,
            ),
            Never(
                "misclassified",
                higher_order_split,
                variant="v10",
                page="first",
                reuse=("slab", "slab_then_thp"),
                caller=CALLERS,
                flags_rmw=RMW,
                check_pages=CHECKS,
            ),
        ),
        expected=Answer(
            "holds only if",
            "split_race: reuse=slab or (caller=memory_failure and flags_rmw=atomic); "
            "higher_order_split: reuse=slab or "
            "(caller=memory_failure and flags_rmw=atomic and check_pages=true)",
        ),
        as_the_c_is=Answer("refuted"),
        because="the re-read compares addresses: it tells the split and one reuse of the head, not "
        "a new THP on the old head",
    ),
    Claim(
        "C8",
        "a residual free->alloc->free can only mis-tag a genuinely poisoned page, never reclassify "
        "a handlable one",
        made="v9, v10",
        asks=(
            Never(
                "misclassified",
                split_race,
                variant="v10",
                only=("handlable", "unmarked"),
                caller=CALLERS,
                flags_rmw=RMW,
            ),
            Never(
                "misclassified",
                free_alloc_free,
                variant="v10",
                only=("handlable", "unmarked"),
                caller=CALLERS,
                flags_rmw=RMW,
                check_pages=CHECKS,
            ),
        ),
        expected=Answer(
            "holds only if",
            "split_race: caller=memory_failure and flags_rmw=atomic; free_alloc_free: "
            "(only=unmarked and caller=memory_failure and flags_rmw=atomic) or "
            "(caller=memory_failure and flags_rmw=atomic and check_pages=true)",
        ),
        as_the_c_is=Answer("refuted"),
        because="soft offline has poisoned nothing; of a page that memory_failure() is called for "
        "a plain flag update can lose the mark, PG_hwpoison, that the claim relies on (p is "
        "page[1] here; of later tails it can where two new THPs follow: see C10); and in each case "
        "p is on the LRU or free, handlable, when the call begins",
    ),
    Claim(
        "C9",
        "closing the residual race would require taking a reference here",
        made="comment of v9",
        asks=NO_RACE,
        universal=Universal("variant", but=("tryget",)),
        expected=Answer("refuted", by="variant=zlock"),
        as_the_c_is=Answer("not asked"),
        because="zone->lock closes it too, which take_page_off_buddy() takes in the same context",
    ),
    Claim(
        "C10",
        "the residual race is harmless: where a wrong verdict could panic, memory_failure() has "
        "already set PageHWPoison, which bars the page from the allocator",
        made="comment of v10",
        asks=(
            Never(
                "misclassified",
                split_race,
                effect="panic",
                variant="v10",
                caller="memory_failure",
                flags_rmw=RMW,
            ),
            Never(
                "misclassified",
                free_alloc_free,
                effect="panic",
                variant="v10",
                caller="memory_failure",
                page=("p1", "p2", "p3"),
                flags_rmw=RMW,
                check_pages=CHECKS,
                reuse=THPS,
            ),
            Never(
                "misclassified",
                higher_order_split,
                effect="panic",
                variant="v10",
                caller="memory_failure",
                page=("first", "second"),
                flags_rmw=RMW,
                check_pages=CHECKS,
                reuse=THPS,
            ),
        ),
        expected=Answer(
            "holds only if",
            "split_race: flags_rmw=atomic; "
            "free_alloc_free: (flags_rmw=atomic and check_pages=true) or "
            "(page=p2|p3 and check_pages=true and reuse=slab_then_thp); "
            "higher_order_split: (flags_rmw=atomic and check_pages=true) or "
            "(page=second and check_pages=true and reuse=slab_then_thp)",
        ),
        as_the_c_is=Answer("refuted"),
        because="only a page of order 0 is kept out by its PG_hwpoison; a larger block is freed "
        "without a look; and a plain update of the page's flags can lose the bit: the split's of "
        "any tail, the whole free's of page[1] while its head is still there, and of any tail when "
        "it is there no more, which is too late unless two THPs follow; on x86 a store buffer "
        "holds the head, so that it is never too late",
        under={
            "tso": Answer(
                "holds only if",
                "split_race: flags_rmw=atomic; "
                "free_alloc_free: flags_rmw=atomic and check_pages=true; "
                "higher_order_split: flags_rmw=atomic and check_pages=true",
            )
        },
    ),
    Claim(
        "C11",
        "the opt-out is not needed: those page types never support migration; a movable_ops page "
        "is PageOffline or PageZsmalloc, exclusive with the three types, never reserved",
        made="review of v9",
        asks=(
            Never(
                "disagree",
                movable_ops,
                variant=("reviewed", "v10"),
                states=("allowed", "any"),
                place=("alone", "tail"),
            ),
            Same(
                "classify",
                movable_ops_race,
                "variant",
                ("v9", "v10"),
                caller=CALLERS,
                move=("to_slab", "from_slab"),
            ),
        ),
        expected=Answer("holds only if", "movable_ops: states=allowed"),
        as_the_c_is=Answer("holds"),
        because="the versions disagree on a reserved movable_ops page, and on a tail with a type "
        "of its own; the kernel has neither",
    ),
    Claim(
        "C12",
        "the re-read must guard the false verdict too",
        made="review of v9, v10",
        asks=(
            Shows(
                "missed",
                last_pass,
                variant="v9",
                move=("other_head", "same_head"),
                window=("pass", "call"),
            ),
            Never("missed", last_pass, variant="v10", move=("other_head", "same_head")),
            Never("missed", slab_tail, variant="v10", move=("other_head", "same_head")),
        ),
        expected=Answer("holds only if", "last_pass: window=pass"),
        as_the_c_is=Answer("holds only if", "last_pass: window=pass"),
        because="it depends on where the window opens. If answers are to be true of the last pass, "
        "without the re-read a false may come of the type of a head that was p's at no instant of "
        "the type tests. If of the call, no false of v9 is wrong at every instant "
        "either; and v10's can be stale still, as a head gets its type after its tails",
    ),
)

CLAIMS = (*OF_THE_CLASSIFIER, *OF_ITS_CALLERS, *NOT_ASKED)
