/* The accesses of the classifier's ninth version: only "true" is looked at again. */
static bool HWPoisonKernelOwned(struct page *page, unsigned long flags)
{
	struct page *block;

	/* some of these can be migrated */
	if ((flags & MF_SOFT_OFFLINE) && page_has_movable_ops(page))
		return false;

	if (PageReserved(page))
		return true;

again:
	block = compound_head(page);
	if (!(PageSlab(block) || PageTable(block) || PageLargeKmalloc(block)))
		return false;
	if (block != compound_head(page))
		goto again;
	return true;
}
