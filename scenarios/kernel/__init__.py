"""The page model: what the kernel does to the pages of one block, one kernel step a line.

about           what all this is, in words for a mail
pages           struct page, how a block starts out, what is true of a page, what every state keeps
refcount        references to a page: taken, put, frozen
allocator       freeing to the buddy allocator and allocating from it; the zone
per_cpu         a per-cpu list on which a block rests that was freed without waiting for locks
buddy           free pages as memory_failure() looks for them and takes them
lru             off the LRU and back to it
split           the split of a THP
users           who takes pages and gives them back: slab, large kmalloc, page table, THP
classifier      is a page kernel-owned? version by version, and each answer held against the truth
call            a call of memory_failure() or soft_offline_page()
references      a reference to the page that it is about: get_hwpoison_page()
memory_failure  who asks the classifier, and what an operator sees of the answer
ledger          what a call of these holds and was told: of the model, not of the kernel
parameters      the values that parameters of scenarios take

In these files a file of the page model is named by its name alone.
"""
