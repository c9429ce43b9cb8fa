/* The tenth version's accesses with a barrier before the second look at the head. */
static bool is_kernel_owned_page(struct page *page)
{
	bool owned;

	if (PageReserved(page))
		return true;
	for (;;) {
		struct page *block = compound_head(page);

		owned = PageSlab(block) || PageTable(block) || PageLargeKmalloc(block);
		smp_rmb();
		if (compound_head(page) == block)
			break;
	}
	return owned;
}
