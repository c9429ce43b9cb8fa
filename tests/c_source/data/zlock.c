/* The accesses of `zlock` in scenarios/kernel/classifier.py. */
static bool is_kernel_owned_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	struct page *first;
	unsigned long flags;
	bool owned;

	if (PageReserved(page))
		return true;
	spin_lock_irqsave(&zone->lock, flags);
	first = compound_head(page);
	owned = PageSlab(first) || PageTable(first) || PageLargeKmalloc(first);
	spin_unlock_irqrestore(&zone->lock, flags);
	return owned;
}
