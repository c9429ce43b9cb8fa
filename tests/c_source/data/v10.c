/* The accesses of the classifier's tenth version, as scenarios/kernel/classifier.py lists them. */
static bool is_kernel_owned_page(struct page *page)
{
	struct page *block;
	bool owned;

	if (PageReserved(page))
		return true;
again:
	block = compound_head(page);
	owned = PageSlab(block) || PageTable(block) ||
		PageLargeKmalloc(block);
	if (compound_head(page) != block)
		goto again;

	return owned;
}
