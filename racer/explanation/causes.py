"""The cause of a violation in one sentence, from what its thread read and who changed it."""

from __future__ import annotations

from racer.explanation.data import Conflict, Returned, Side
from racer.explanation.scene import Scene
from racer.lang.outcomes import OWN_LABELS

_LISTED = 3  # changes that a sentence names


def cause(scene: Scene, conflicts: tuple[Conflict, ...], returned: tuple[Returned, ...]) -> str:
    """One sentence, or nothing where the reads do not tell.

    The first that applies: who took what a deadlock or livelock waits for; the value that came
    back last; the last read of a value stored after another read went out of date; the last read
    that did; the last read of another thread's store; since when a watch is as its window saw it.
    """
    if scene.at is None:
        return _of_waiting(scene) if scene.label in OWN_LABELS else ""
    if returned:
        return _of_returned(scene, returned[-1])
    decisive = [each for each in conflicts if each.decisive]
    for chosen in (decisive, list(conflicts)):
        outdated = [each for each in chosen if each.first.thread == scene.culprit]
        fresh = [each for each in chosen if each.second.thread == scene.culprit]
        for each in reversed(fresh):
            stale = [old for old in outdated if _went_out_of_date(old, each)]
            if stale:
                return f"{_reads(each.second, each.first)} after {_outdated(stale[-1])}."
    for chosen in (decisive, list(conflicts)):
        for each in reversed(chosen):
            if each.first.thread == scene.culprit:
                before = f" before {scene.names[scene.at]}" if each.second.row != scene.at else ""
                return f"{_outdated(each)}{before}."
    if conflicts:
        return f"{_reads(conflicts[-1].second, conflicts[-1].first)}."
    return _of_windows(scene)


def _of_windows(scene: Scene) -> str:
    """Since when a watch is as its window saw it all the time."""
    for window in scene.accused_windows():
        truths = [scene.past.trace.initial_truths, *(event.truths for event in scene.events)]
        until = window.first
        while until > 0 and truths[until - 1].get(window.watch) == truths[until][window.watch]:
            until -= 1
        seen = truths[window.first : scene.end + 1]
        constant = all(each[window.watch] == truths[until][window.watch] for each in seen)
        if until > 0 and constant:
            holds = str(truths[until][window.watch]).lower()
            return f"{window.watch!r} is {holds} since {scene.names[until - 1]}."
    return ""


def _went_out_of_date(old: Conflict, fresh: Conflict) -> bool:
    """Whether a value read earlier changed before a later read of a value stored since."""
    rows = (old.first.row, old.second.row, fresh.first.row, fresh.second.row)
    read, overwritten, stored, later = (-1 if row is None else row for row in rows)
    return read < overwritten < later and read < stored and old.cell != fresh.cell


def _reads(read: Side, source: Side) -> str:
    return f"{read.name} finds {read.cell} = {read.before}, stored by {source.name}"


def _outdated(conflict: Conflict) -> str:
    """Another value than was found may have been left before that store, by the thread itself."""
    read, store = conflict.first, conflict.second
    since = "which {} set to {}" if store.before == read.before else "and {} stored {}"
    found = f"{read.name} found {read.cell} = {read.before}"
    return f"{found}, {since.format(store.name, store.after)}"


def _of_returned(scene: Scene, returned: Returned) -> str:
    """The changes in between, and what the thread read in that time."""
    *before, back = returned.between
    names = [f"{side.after} ({side.name})" for side in before]
    if len(names) >= _LISTED:
        names = [*names[: _LISTED - 1], "..."]
    changed = _listed([*names, f"{back.after} again ({back.name})"])
    text = (
        f"{returned.again.name} finds {returned.cell} = {returned.value} again: since "
        f"{returned.first.name} it was {changed}"
    )
    first, last = returned.first.row, returned.again.row
    assert first is not None and last is not None, "reads are shown"
    for row in reversed(scene.reads()):
        source = scene.writer(row)
        if source is None or not first < source < row < last:
            continue
        if scene.events[source].owner != scene.culprit:
            read = scene.side(row)
            stored = f"stored by {scene.names[source]}"
            return f"{text}; in between {read.name} found {read.cell} = {read.before}, {stored}."
    return f"{text}."


def _of_waiting(scene: Scene) -> str:
    """Since which step what is waited for is as it is; of what is so initially, nothing."""
    parts = []
    first = scene.end - scene.past.trace.cycle
    for thread in scene.stuck():
        operation = scene.past.blocked_at(thread)
        cell = scene.past.spins_on(thread) if operation is None else operation.facts.cell
        changed = [i for i in range(scene.end) if scene.cell(i) == cell and scene.changes(i)]
        if cell is None or not changed or changed[-1] >= first:
            continue
        row = changed[-1]
        if scene.events[row].operation.facts.lock is not None:
            parts.append(f"{cell} is held since {scene.names[row]}")
        else:
            side = scene.side(row)
            parts.append(f"{cell} is {side.after} since {side.name}")
    return f"{'; '.join(dict.fromkeys(parts))}." if parts else ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
