/* The accesses of `headonly` in scenarios/kernel/classifier.py. */
static bool HWPoisonKernelOwned(struct page *page, unsigned long flags)
{
	struct page *first;

	if (PageReserved(page))
		return true;
	first = compound_head(page);
	return PageSlab(first) || PageTable(first) || PageLargeKmalloc(first);
}
