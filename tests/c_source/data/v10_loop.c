/* The tenth version's accesses, as a loop, with a barrier, and by way of a static inline. */
static __always_inline bool has_kernel_type(const struct folio *folio)
{
	switch (folio_test_slab(folio)) {
	case false:
		break;
	default:
		return true;
	}
	if (folio_test_pgtable(folio))
		return true;
	return unlikely(folio_test_large_kmalloc(folio));
}

#ifdef CONFIG_MEMORY_FAILURE
static bool is_kernel_owned_page(struct page *page) __must_hold(&mf_mutex)
{
	struct folio *folio, *seen;
	bool owned = PageReserved(page);

	if (owned)
		return owned;
	do {
		folio = page_folio(page);
		owned = has_kernel_type(folio);
		smp_rmb();
		seen = page_folio(page);
	} while (seen != folio);
	return owned;
}
#endif
