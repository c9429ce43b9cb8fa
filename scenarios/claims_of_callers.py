"""What was claimed of the classifier's callers, and of what the patch changes: see claims.py.

What is not asked stands here too: what is not in the thread as we have it.
"""

from racer import Answer, Claim, Never, Only, Same, Shows

from .count_increased import count_increased
from .free_alloc_free import free_alloc_free
from .given_up import given_up
from .isolated import isolated
from .put_again import put_again
from .unhandlable import unhandlable

CALLERS = ("memory_failure", "soft_offline")
RMW = ("split", "atomic")
CHECKS = (False, True)
OWNERS = ("slab", "slab_tail", "table", "large_kmalloc", "reserved")

OF_ITS_CALLERS = (
    Claim(
        "C13",
        "shake_page() and retrying can never turn these types into something handlable",
        made="v9",
        asks=(
            Never(
                "handled_after_all",
                unhandlable,
                asks="handled",
                variant="before",
                page=OWNERS,
                freed=("no", "freed", "reused"),
                caller=CALLERS,
            ),
        ),
        expected=Answer(
            "holds only if",
            "freed=no or (page=slab|table|reserved and caller=memory_failure)",
        ),
        as_the_c_is=Answer("refuted"),
        because="shaking and retrying do not; what can is the page's owner, who gives it back "
        "meanwhile: then it is free, or a user's, and a retry finds it so; only a poisoned page of "
        "order 0 is kept out of the allocator, and on x86 not a slab, whose free looks at that "
        "while its type is still in the store buffer",
        under={
            "tso": Answer(
                "holds only if", "freed=no or (page=table|reserved and caller=memory_failure)"
            )
        },
    ),
    Claim(
        "C14",
        "pages without a page type (vmalloc, kernel stacks) are not identified and keep the retry "
        "path and -EIO; pages outside the positive list behave exactly as before the patch",
        made="commit message",
        asks=(
            Same(
                "classify",
                unhandlable,
                "variant",
                ("before", "v10"),
                page="untyped",
                freed=("no", "freed", "reused"),
                caller=CALLERS,
            ),
            Same("classify", isolated, "variant", ("before", "v10"), caller=CALLERS),
            Only(
                "classify",
                ("-EIO",),
                unhandlable,
                page="untyped",
                freed="no",
                caller="soft_offline",
            ),
            Never(
                "misclassified",
                free_alloc_free,
                variant="v10",
                caller=CALLERS,
                flags_rmw=RMW,
                check_pages=CHECKS,
            ),
        ),
        expected=Answer(
            "holds only if",
            "free_alloc_free: caller=memory_failure and flags_rmw=atomic and check_pages=true",
        ),
        as_the_c_is=Answer("refuted"),
        because="so it is of pages without a type that are in no compound page; a tail of a THP is "
        "outside the list as well, and the residual race takes it for one of the kernel's (p is "
        "page[1]; later tails fare alike where two new THPs follow: see C10)",
    ),
    Claim(
        "C15",
        "on its own the patch changes only the errno that soft_offline_page() can pass on; "
        "memory_failure() still folds every negative into MF_MSG_GET_HWPOISON",
        made="commit message of v9",
        asks=(
            Same(
                "classify",
                unhandlable,
                "variant",
                ("before", "v10"),
                page=OWNERS,
                freed=("no", "freed"),
                caller="memory_failure",
                followup=False,
            ),
            Only(
                "classify",
                ("-ENOTRECOVERABLE",),
                unhandlable,
                page=OWNERS,
                freed="no",
                caller="soft_offline",
            ),
            Never("given_up", given_up, page=OWNERS, freed=("no", "freed"), caller=CALLERS),
        ),
        expected=Answer(
            "holds only if",
            "given_up: freed=no or (page=slab|table|reserved and caller=memory_failure)",
        ),
        as_the_c_is=Answer("refuted"),
        because="the sets of results are those of before but for that errno; yet in one and the "
        "same interleaving a page that is given back during the retries was handled before, and "
        "is given up now; on x86 a slab too, see C13",
        under={
            "tso": Answer(
                "holds only if",
                "given_up: freed=no or (page=table|reserved and caller=memory_failure)",
            )
        },
    ),
    Claim(
        "C16",
        "before the patch a kernel-owned page runs through every retry and shake and ends as -EIO, "
        "like a transient one",
        made="commit message",
        asks=(
            Only(
                "classify",
                ("-EIO",),
                unhandlable,
                variant="before",
                page=OWNERS,
                freed=("no", "freed", "reused"),
                caller="soft_offline",
            ),
            Shows("transient_eio", isolated, variant="before", caller=CALLERS),
        ),
        expected=Answer("holds only if", "unhandlable: freed=no"),
        as_the_c_is=Answer("refuted"),
        because="so it does while its owner keeps it; a page that is given back may be handled",
    ),
    Claim(
        "C17",
        "on a hit the caller's MF_COUNT_INCREASED reference is dropped exactly once: none leaks, "
        "none is put twice",
        made="commit message of v9",
        asks=(
            Never("reference_leaked", count_increased, page="reserved"),
            Never("reference_put_twice", count_increased, effect="on a hit", page="reserved"),
            Never(
                "reference_put_twice",
                put_again,
                effect="on a hit",
                second_try=("same_flags", "cleared"),
            ),
        ),
        expected=Answer("holds only if", "put_again: second_try=cleared"),
        as_the_c_is=Answer("refuted"),
        because="get_any_page() puts it once; memory_failure(), when it loses a free page and "
        "tries again, passes the flag a second time, though the reference is gone (if its second "
        "try is as the context of the series shows it: see the header of put_again)",
    ),
)

NOT_IN_THE_THREAD = "it is not in the thread as we have it, so there is nothing to ask"
NOT_ASKED = (
    *(
        Claim(
            name,
            "(not known)",
            made="not known",
            asks=(),
            expected=Answer("not asked"),
            as_the_c_is=Answer("not asked"),
            because=NOT_IN_THE_THREAD,
        )
        for name in ("C2", "C3", "C5", "C6")
    ),
    Claim(
        "C18",
        "any such races can already happen",
        made="not known",
        asks=(),
        expected=Answer("not asked"),
        as_the_c_is=Answer("not asked"),
        because="it is not in the thread as we have it, so it is not known of which races (and the "
        "number is ours). What goes wrong without the patch is in C16: a user's page ends as -EIO; "
        "and in C17: put_again with variant=before. No race ends in this panic, as there is none",
    ),
)
