"""A museum of real fixes: races around pages that are looked at without a lock, before and after.

Each file is one upstream fix, from its commit: fix=before shows the race, and fix=after passes. Of
those whose fix is a barrier `before` shows it only where loads come out of order, under arm64 and
lkmm; `racer fences` finds the barrier. What is modelled is as little as shows the race; gup_fast.py
and its like have a model of their own, kpagecount.py and free_pages_head.py the page model in
kernel/.

put_again_in_soft_offline (2021) stands in ../put_again.py, beside the fault that it is like.

gup_fast          2022   GUP-fast pins a page that khugepaged has copied
swapin_aba        2010   pte_same() compares equal to a swap slot that was freed and taken again
kpagecount        2025   /proc/kpagecount tests a folio twice, and it is split in between
nonuniform_split  2026   a lookup in the page cache gets a folio that is not the index's
bogus_order       2025   compaction shifts by the order of a page that is no head any more
free_pages_head   2023   __free_pages() looks for PG_head after its put
migration_entry   2026   a migration entry's folio is not locked (arm64, lkmm)
fake_head         2025   a reference is taken in a struct page that is read-only (HVO)
"""
