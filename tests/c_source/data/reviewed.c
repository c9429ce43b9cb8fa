/* The accesses of `reviewed` in scenarios/kernel/classifier.py. */
static bool HWPoisonKernelOwned(struct page *page)
{
	struct page *first;

	if (PageReserved(page))
		return true;
	do {
		first = compound_head(page);
		if (!PageSlab(first) && !PageTable(first) && !PageLargeKmalloc(first))
			return false;
	} while (compound_head(page) != first);
	return true;
}
