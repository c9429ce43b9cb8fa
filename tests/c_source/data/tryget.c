/* The accesses of `tryget` in scenarios/kernel/classifier.py. */
static bool is_kernel_owned_page(struct page *page)
{
	bool owned = false;

	if (PageReserved(page))
		return true;
	for (;;) {
		struct folio *folio = page_folio(page);

		if (!folio_try_get(folio))
			return false;
		if (page_folio(page) != folio) {
			folio_put(folio);
			continue;
		}
		owned = folio_test_slab(folio) || folio_test_pgtable(folio) ||
			folio_test_large_kmalloc(folio);
		folio_put(folio);
		return owned;
	}
}
