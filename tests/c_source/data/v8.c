/* The accesses of the classifier's eighth version: p's own type, and no head. */
static bool HWPoisonKernelOwned(struct page *page, unsigned long flags)
{
	if ((flags & MF_SOFT_OFFLINE) && page_has_movable_ops(page))
		return false;

	if (PageReserved(page))
		return true;

	return PageSlab(page) || PageTable(page) || PageLargeKmalloc(page);
}
