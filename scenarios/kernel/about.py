"""What the page model is about, in words for a mail: which code, which page is which, what a label
and its effect come to in the kernel's own terms."""

from dataclasses import replace
from typing import TYPE_CHECKING

from racer import About

if TYPE_CHECKING:
    from .pages import Block, Page

# The subject of the series is "mm/memory-failure: " and this.
MODELS = 'mm/ of mid-2026 with "add panic option for unrecoverable pages"'

EFFECTS = {
    "panic": "memory_failure() panics",
    "-ENOTRECOVERABLE": "soft_offline_page() returns -ENOTRECOVERABLE",
    "spurious -ENOTRECOVERABLE": "soft_offline_page() returns -ENOTRECOVERABLE",
    "on a pass": "get_any_page() puts MF_COUNT_INCREASED's reference on a pass",
    "on a hit": "get_any_page() puts MF_COUNT_INCREASED's reference on a hit",
    "handled": "the page is handled",
    "already poisoned": "memory_failure() puts MF_COUNT_INCREASED's reference of a poisoned page",
}


def about_page(block: "Block", p: "Page") -> About:
    """Words for a program about the page p of a block."""
    at_first = {page.name: what(page) for page in block.pages if page is not p}
    return About(
        names={p.name: f"the bad page, {what(p)}", **at_first},
        labels=labels(p.name),
        effects=EFFECTS,
        models=MODELS,
    )


def named(about: About, **names: str) -> About:
    """With words for cells that are of the model, and not of the kernel."""
    return replace(about, names={**about.names, **names})


def labels(p: str) -> dict[str, str]:
    """What they come to, half a sentence each."""
    return {
        "misclassified": f"{p} is taken for kernel memory, and was so at no instant",
        "missed": f"{p} is kernel memory at every instant, and is not taken for that",
        "stale_owned": f"{p} is taken for kernel memory, and is so no more",
        "stale_clear": f"{p} is not taken for kernel memory, and is so by now",
        "reference_leaked": "the caller's reference (MF_COUNT_INCREASED) is never put",
        "reference_put_twice": "it was put before, and this one is somebody else's",
        "reference_not_held": f"{p} is handled by a caller that holds no reference to it",
        "given_up": f"{p} is given up, and the kernel before the patch would have handled it",
        "transient_eio": f"get_any_page() ends as -EIO before {p}, a user's, is back on the LRU",
        "returned_eio": f"get_any_page() ends as -EIO, though {p}, a user's, was back on the LRU",
        "as_transient": f"{p} is kernel memory at every instant, and told as one off the LRU",
        "reference_overwritten": "init_page_count() overwrites a reference that somebody has",
        "gave_up": "the classifier has to retry, and may not any more",
        "handles_poisoned": f"soft_offline_page() goes on to migrate {p}, which is poisoned",
        "handled_after_all": f"{p} is handled, and was kernel memory when the call began",
        "poison_lost": f"{p} loses PG_hwpoison, though its memory is bad",
    }


def what(page: "Page") -> str:
    """What a page is at first."""
    head, flags = page.info.initial, page.flags.initial
    if head is not None:
        return f"tail of {head.name}"
    kind = f"{page.page_type.initial} page".replace("_", " ")
    if page.page_type.initial == "none":
        kind = "reserved page" if flags.reserved else "page in use"
        if page.refs.initial <= 0:
            kind = "page that nobody holds"
    return f"head of a {'THP' if flags.lru else 'compound page'}" if flags.head else f"a {kind}"
