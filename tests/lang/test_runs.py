"""A thread need not be a coroutine: whatever keeps to the protocol of a Run can be explored."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from racer import Memory, Program, Thread, explore, replay
from racer.errors import Location
from racer.lang.operations import CompareExchange, Load, Operation, Store
from racer.lang.pending import AboutTo, Pending, Returned
from racer.lang.run import CoroutineKey


class ScriptRun:
    """Runs operations one after the other; a script may go back to its first one."""

    def __init__(self, name: str, script: tuple[Operation, ...], repeats: object) -> None:
        self.name = name
        self.steps = 0
        self._script = script
        self._repeats = repeats  # a last result after which it begins again
        self._at = 0
        self._result: object = None

    @property
    def pending(self) -> Pending:
        if self._at < len(self._script):
            return AboutTo(self._script[self._at])
        return Returned(self._result)

    def resume(self, result: object) -> Pending:
        self.steps += 1
        self._at += 1
        self._result = result
        if self._at == len(self._script) and result == self._repeats:
            self._at, self._result = 0, None
        return self.pending

    def fail(self, error: Exception) -> Pending:
        raise error

    def close(self) -> None:
        """Nothing is held."""

    def locations(self) -> tuple[Location, ...]:
        return (Location("script.txt", self._at + 1),)

    def variables(self) -> tuple[tuple[str, object], ...]:
        return ()

    def key(self, of_coroutine: CoroutineKey) -> Hashable | None:
        return (self._at, self._result)


class Script(Thread):
    """A thread given by its operations."""

    def __init__(self, *script: Operation, repeats: object = object(), copies: int = 1) -> None:
        super().__init__(lambda: None, copies=copies)  # type: ignore[arg-type, return-value]
        self._script = script
        self._repeats = repeats

    def start(self, name: str, memory: Memory) -> ScriptRun:
        return ScriptRun(name, self._script, self._repeats)

    def constants(self) -> Iterator[tuple[str, object]]:
        yield from ()


def store_buffering(*, scripted: bool) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def left() -> int:
        await x.store(1)
        return await y.load()

    mine = Script(Store("x", 1), Load("y")) if scripted else Thread(left)
    return Program(mem, {"A": mine, "B": Script(Store("y", 1), Load("x"))})


def test_a_scripted_thread_is_explored_beside_a_coroutine_and_replayed() -> None:
    # Of C(4, 2) = 6 orders of SB both loads come after both stores in 4; the other two are the
    # threads one after the other: 0 for the first.
    for scripted in (True, False):
        result = explore(store_buffering(scripted=scripted))
        assert {
            tuple(v for _, v in key): o.interleavings for key, o in result.outcomes.items()
        } == {
            (1, 1): 4,
            (0, 1): 1,
            (1, 0): 1,
        }
        for key, outcome in result.outcomes.items():
            assert replay(store_buffering(scripted=scripted), outcome.witness).outcome == key


def test_a_loop_of_a_scripted_thread_is_a_cycle_of_its_automaton() -> None:
    mem = Memory()
    mem.cell("lock", 0)
    spin = Script(CompareExchange("lock", 0, 1), repeats=1, copies=2)
    result = explore(Program(mem, {"S": spin}))
    # One takes it and ends; the other spins on 1 for ever.
    assert result.loops == ("S",)
    assert result.interleavings is None
