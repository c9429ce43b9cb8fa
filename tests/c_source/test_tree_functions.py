"""Functions of a kernel tree: the grammar reads them, the shipped map lifts some, and the others
name what is missing.

LINUX_TREE names a tree of 6.12; without one these are skipped. The names are of functions from all
over the kernel, most of which no model is about: what is asked of these is that nothing is skipped
without a word.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from racer.c_source.inputs import read_source
from racer.c_source.mapping import load_map
from racer.c_source.parsing import parsed
from racer.c_source.translating import Lifted, translated
from tests.c_source.lifting import PAGE_MODEL

TREE = Path(os.environ.get("LINUX_TREE", "/nonexistent"))
LIFTED = {
    "lib/llist.c": "llist_add_batch",
    "lib/refcount.c": "refcount_dec_not_one",
    "kernel/locking/mutex.c": "__mutex_trylock_common",
    "mm/filemap.c": "filemap_get_entry",
    "mm/gup.c": "try_get_folio",
    "mm/memory-failure.c": (
        "HWPoisonHandlable __get_hwpoison_page get_any_page get_hwpoison_page shake_folio "
        "soft_offline_page"
    ),
    "mm/page_alloc.c": "is_free_buddy_page prep_new_page",
    "mm/swap.c": "__folio_put",
    "mm/vmscan.c": "folio_isolate_lru",
}
NOT_LIFTED = {
    "block/blk-mq.c": "blk_mq_run_hw_queue",
    "fs/dcache.c": "__d_lookup_rcu",
    "kernel/futex/core.c": "get_futex_key",
    "kernel/locking/qspinlock.c": "queued_spin_lock_slowpath",
    "kernel/locking/rwsem.c": "rwsem_down_read_slowpath",
    "kernel/rcu/tree.c": "__call_rcu_common",
    "kernel/sched/core.c": "try_to_wake_up",
    "kernel/trace/ring_buffer.c": "rb_reserve_next_event",
    "mm/huge_memory.c": "__split_huge_page __split_huge_page_tail split_huge_page_to_list_to_order",
    "mm/ksm.c": "ksm_get_folio",
    "mm/memory-failure.c": "memory_failure",
    "mm/page_alloc.c": "__free_one_page free_pages_prepare rmqueue_bulk",
    "net/core/dev.c": "__napi_schedule",
}
FUNCTIONS = [
    (path, name, whole)
    for some, whole in ((LIFTED, True), (NOT_LIFTED, False))
    for path, names in some.items()
    for name in names.split()
]


@functools.cache
def lifted(path: str, name: str) -> Lifted:
    return translated(read_source(str(TREE / path)), name, load_map(PAGE_MODEL))


@pytest.mark.parametrize("path, name, whole", FUNCTIONS, ids=lambda each: str(each).split("/")[-1])
def test_a_function_is_lifted_whole_or_names_what_is_missing(
    path: str, name: str, whole: bool
) -> None:
    if not (TREE / path).is_file():
        pytest.skip(f"LINUX_TREE names no tree with {path}")
    assert parsed(read_source(str(TREE / path)).function(name)).unknown == ()
    found = lifted(path, name)
    assert (not found.refusals) == whole
    if whole:
        assert found.codes
    for each in found.refusals:
        assert each.line > 0 and each.text
