"""A folio leaves the LRU and comes back to it, one kernel step a line.

Models     Isolation, the put back by way of a per-cpu batch, the drain of that batch.
Source     mm/vmscan.c folio_isolate_lru(), folio_putback_lru(); mm/swap.c folio_add_lru(),
           __folio_batch_add_and_move(), folio_batch_move_lru(), lru_add_drain_all()
Abstract   - The lists themselves: lruvec_add_folio() and lruvec_del_folio(). The isolation takes
             lru_lock for nothing else, so it does not take it here.
           - One CPU's batch, with room for two folios instead of 31: the first rests in it, the
             second fills it, and both go to the LRU. A large folio never rests.
           - lru_add_drain_all() runs work on that CPU, which excludes others by local_lock. It
             looks before (cpu_needs_drain()); lru_add_drain_all()'s mutex is left out: two
             drains exclude each other by local_lock already. A local_lock is no lock between
             CPUs: who holds it is not preempted on his, and that is all. Here the batch is one
             CPU's, so that whoever waits for it waits for that CPU.
Drains     all    what the batch holds gets PG_lru, as in Linux 6.12; where the batch's reference is
                  the last, the folio is freed with that at once
           alive  a folio that nobody but the batch has a reference to is frozen, and freed without
                  having been on the LRU: newer kernels ("mm/lruvec: preemptively free dead
                  folios during lru_add drain", 23 April 2026)
Not        Batches of folios to activate, deactivate, rotate; mlock; lru_cache_disable().
"""

from .allocator import Zone, folio_order, folio_put, free_frozen_pages
from .pages import Page, with_lru, without_lru
from .refcount import folio_get, folio_ref_freeze


async def isolate(zone: Zone, folio: Page) -> bool:
    """folio_isolate_lru(), by a caller that holds a reference: True, and one more is held."""
    if not (await folio.flags.update(without_lru, "full")).lru:  # folio_test_clear_lru()
        return False
    await folio_get(folio)
    return True


async def put_back(zone: Zone, folio: Page) -> None:
    """folio_putback_lru() of an isolated folio: PG_lru is set when the batch drains."""
    await folio_add_lru(zone, folio)
    await folio_put(zone, folio)  # the reference of the isolation


async def folio_add_lru(zone: Zone, folio: Page) -> None:
    """folio_add_lru(): the batch holds a reference of its own while the folio rests in it."""
    await folio_get(folio)  # __folio_batch_add_and_move()
    async with zone.batch_lock:  # local_lock(&cpu_fbatches.lock)
        large = (await folio.flags.load()).head  # folio_may_be_lru_cached()
        resting = await zone.batch.load("plain")  # folio_batch_add()
        if resting is None and large:
            await batch_move_lru(zone, folio)
        elif resting is None:
            await zone.batch.store(folio, "plain")
        else:
            await batch_move_lru(zone, resting, folio)
            await zone.batch.store(None, "plain")  # folios_put(): folio_batch_reinit()


async def batch_move_lru(zone: Zone, *folios: Page) -> None:
    """folio_batch_move_lru(), under local_lock: set PG_lru of all, then drop the references."""
    if zone.drains == "alive":
        await batch_move_alive(zone, folios)
        return
    async with zone.lru_lock:  # folio_lruvec_relock_irqsave()
        for folio in folios:
            await folio.flags.update(with_lru, "relaxed")  # folio_set_lru()
    for folio in folios:
        await folio_put(zone, folio)  # folios_put()


async def batch_move_alive(zone: Zone, folios: tuple[Page, ...]) -> None:
    """folio_batch_move_lru() of newer kernels: the dead are taken out before they get PG_lru."""
    alive: tuple[Page, ...] = ()
    dead: tuple[Page, ...] = ()
    for folio in folios:
        if await folio_ref_freeze(folio):  # folio_ref_freeze(folio, 1): the batch's is the last
            dead = (*dead, folio)
            continue
        if not alive:
            await zone.lru_lock.acquire()  # folio_lruvec_relock_irqsave()
        alive = (*alive, folio)
        await folio.flags.update(with_lru, "relaxed")  # folio_set_lru()
    if alive:
        await zone.lru_lock.release()  # unlock_page_lruvec_irqrestore()
    for folio in alive:
        await folio_put(zone, folio)  # folios_put()
    for folio in dead:
        await free_frozen_pages(zone, folio, await folio_order(zone, folio))  # free_unref_folios()


async def lru_add_drain_all(zone: Zone) -> None:
    """lru_add_drain_all(): what rests in the batch is on the LRU when this is over."""
    if await zone.batch.load("plain") is None:  # cpu_needs_drain(): data_race()
        return
    async with zone.batch_lock:  # lru_add_drain(): local_lock(&cpu_fbatches.lock)
        folio = await zone.batch.load("plain")
        if folio is not None:
            await batch_move_lru(zone, folio)
            await zone.batch.store(None, "plain")  # folios_put(): folio_batch_reinit()
