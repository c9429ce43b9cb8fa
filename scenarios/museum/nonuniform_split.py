"""A lookup in the page cache gets a folio that is not the index's: a split in unequal parts.

Question   A folio of the page cache is split step by step, while lookups go on without a lock. Can
           a lookup return a folio that does not have the index that was looked up?
Models     A folio of the page cache of order 1, H at index 0 and T at index 1. Two threads:
           lookup  filemap_get_entry() of index 0, again and again until it has a reference
           split   freezes H, splits the entry in two, gives T its references, and then H
Source     mm/filemap.c filemap_get_entry(); mm/huge_memory.c __folio_split(),
           __split_unmapped_folio(), lib/xarray.c xas_try_split() (not in 6.12). Fix: 577a1f495fd7
           (2026), whose description this follows
Abstract   - Of the split that goes on in T, only its step at the entry is here: to split an entry,
             xas_try_split() puts the folio that it is given in every index of the new entries.
             It was given T, the part that is split further.
           - One reference is the page cache's.
Not        The folio's lock, the other steps of the split, the tree of the page cache.
Bound      One split, one lookup.

Answer     H has index 0, and T does not.
  before   Fails, with no preemption, as the split's interrupts are off and a lookup runs on another
           CPU: index 0 has T, and T has its references; the lookup finds T, gets a reference, and
           finds T at the index again: it is the right one for all it sees. Then the split puts H at
           index 0. What is read by that reference is the data of another index.
  after    Passes: index 0 has H throughout, which is frozen until all is in its place, and a
           lookup that gets no reference tries again.
"""

from racer import About, Expected, Memory, Program, State, Thread, Violation, atomic, scenario

from .parameters import Fix

ABOUT = About(
    names={"H": "the folio at index 0", "T": "the folio at index 1, once it is split off"},
    labels={"wrong_folio": "a read at index 0 gets the data of index 1"},
    models="mm/huge_memory.c around 577a1f495fd7",
)


def expected(*, fix: Fix) -> Expected:
    if fix == "after":
        return Expected("pass", because="what the entries have is frozen until all is in its place")
    reason = "an index has a folio of another index, which has its references already"
    return Expected("fail", ("wrong_folio",), reason, fixed_by={"fix": "after"})


@scenario(expect=expected)
def nonuniform_split(*, fix: Fix = "before") -> Program:
    """A lookup in the page cache against the split of the folio that is looked up.

    fix  the entry is split with the folio that is split further; after: with the original one
    """
    mem = Memory()
    index0 = mem.cell("index0", "H")
    index1 = mem.cell("index1", "H")
    refs = {
        "H": mem.refcount("H.refs", 1, most=2),
        "T": mem.refcount("T.refs", 0, most=2),
    }

    async def lookup() -> str:
        """filemap_get_entry(mapping, 0)."""
        while True:  # repeat:
            folio = await index0.load()  # xas_load()
            if not await refs[folio].get_unless_zero():  # folio_try_get()
                continue
            if await index0.load() == folio:  # xas_reload()
                break
            await refs[folio].dec_and_test()  # folio_put()
        if folio != "H":  # folio_file_page(): T has no page of index 0
            raise Violation("wrong_folio")
        return folio

    async def split() -> str:
        """__folio_split() of the folio into H and T."""
        async with atomic():  # local_irq_disable(), local_irq_enable()
            return await split_with_interrupts_off()

    async def split_with_interrupts_off() -> str:
        """The part of __folio_split() that freezes the folio."""
        if await refs["H"].compare_exchange(1, 0) != 1:  # folio_ref_freeze()
            return "in use"
        given = "H" if fix == "after" else "T"
        await index0.store(given)  # xas_try_split(): every index has what it is given
        await index1.store(given)
        await refs["T"].store(1, "release")  # folio_ref_unfreeze(new_folio)
        await index1.store("T")  # __xa_store()
        await index0.store("H")
        await refs["H"].store(1, "release")  # folio_ref_unfreeze(folio)
        return "split"

    def in_two(state: State) -> bool:
        return state[index0] == "H" and state[index1] == "T" and state[refs["H"]] == 0

    return Program(
        mem,
        {"lookup": Thread(lookup), "split": Thread(split)},
        sometimes={"H is frozen, and T is split off": in_two},
        about=ABOUT,
    )
