"""Objects that are to be linearizable: which are told not to be, and by what history."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import (
    Memory,
    ModelError,
    NotEnabled,
    Program,
    ProgramError,
    Thread,
    Violation,
    brief,
    checkpoint,
    choose,
    explain,
    explore,
    fence,
    mail,
)
from racer.lang.effects import Misuse
from racer.lang.specs.calls import Calls, Way
from racer.lang.specs.states import CallEnd, Raised, Returned, Withdrawn, state_of
from tests.generated.profiles import examples
from tests.generated.test_agreement import by_engine, by_oracle
from tests.oracles.linearizing import Begin, End, History, is_linearizable, shorter
from tests.programs import build_source


class Stack:
    def __init__(self) -> None:
        self.items = [1, 2]

    def push(self, item: int) -> None:
        self.items.append(item)

    def pop(self) -> int | None:
        return self.items.pop() if self.items else None


class Queue:
    def __init__(self) -> None:
        self.items: deque[int] = deque()

    def put(self, item: int) -> None:
        self.items.append(item)

    def get(self) -> int:
        if not self.items:
            raise NotEnabled
        return self.items.popleft()

    def get_nowait(self) -> int:
        return self.items.popleft()  # raises IndexError


class Register:
    def __init__(self) -> None:
        self.value: object = 0

    def write(self, value: object) -> None:
        self.value = value

    def read(self) -> object:
        return self.value

    def add(self, more: int) -> object:
        before = self.value
        assert isinstance(before, int)
        self.value = before + more
        return before


SPECIFICATIONS: list[type] = [Stack, Queue, Register]


# --- a stack of nodes that are used again ---------------------------------------------------------


def treiber(*, tag: int) -> Program:
    """Node 2 lies on node 1. A pops; B pops and pushes 3, in the node that it has got.

    R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986; with `tag`
    counting the exchanges, as IBM's System/370 Principles of Operation has it for free lists.
    """
    mem = Memory()
    head = mem.cell("head", (2, 0))
    below = [mem.cell(f"below{node}", max(node - 1, 0)) for node in range(3)]
    value = [mem.cell(f"value{node}", node) for node in range(3)]
    stack = mem.linearizable("stack", Stack)

    async def pop() -> int:
        async with stack.call("pop") as call:
            while True:
                top = await head.load()
                if top[0] == 0:
                    return 0
                under = await below[top[0]].load()
                item = await value[top[0]].load()
                if await head.compare_exchange(top, (under, top[1] + tag)) == top:
                    call.returns(item)
                    return top[0]

    async def push(node: int, item: int) -> None:
        async with stack.call("push", item):
            await value[node].store(item)
            while True:
                top = await head.load()
                await below[node].store(top[0])
                if await head.compare_exchange(top, (node, top[1] + tag)) == top:
                    return

    async def a() -> None:
        await pop()

    async def b() -> None:
        await push(await pop(), 3)

    return Program(mem, {"A": Thread(a), "B": Thread(b)})


def test_a_stack_with_a_tag_is_linearizable() -> None:
    assert explore(treiber(tag=1)).verdict == "pass"


def test_a_stack_without_one_fails_with_the_history_that_has_no_order() -> None:
    # A's pop has read node 2, what lies below it and its value when B takes node 2, and puts it
    # back with 3 in it. The head is node 2 as before, so A's exchange succeeds, and A has popped
    # 2, which B has, too; 2 was there once. The least schedule: A's call and three loads; B's pop
    # in six steps (call, three loads, exchange, end), its push in six (call, store, load, store,
    # exchange, end); A's exchange and the end of its call.
    result = explore(treiber(tag=0))
    assert list(result.violations) == ["not linearizable"]
    assert result.violations["not linearizable"].witness.preemptions == 1
    explanation = explain(result, "not linearizable")
    told = explanation.calls
    assert told is not None
    assert (told.name, told.specification, told.start) == ("stack", "Stack", "Stack(items=[1, 2])")
    assert [(call.text, call.end, call.first, call.last, call.beside) for call in told.calls] == [
        ("pop()", "2", "A1", "A6", ("B1", "B7")),
        ("pop()", "2", "B1", "B6", ("A1",)),
        ("push(3)", "None", "B7", "B12", ("A1",)),
    ]
    # By then 2 is gone; A's pop may come before the push, or after it.
    assert told.could == ("1", "3")
    # It is the shortest: without the end of A's pop, or without one of the two, there is an order;
    begins = [Begin("pop", ()), Begin("pop", ()), End(1, Returned(2)), Begin("push", (3,))]
    history = (*begins, End(3, Returned(None)), End(0, Returned(2)))
    assert not is_linearizable(history, Stack)
    assert is_linearizable(history[:-1], Stack)
    # not so without the push, but no schedule has that: it is what lets the exchange succeed.
    assert [is_linearizable(each, Stack) for each in shorter(history)] == [True, True, False]


def test_mail_and_brief_tell_the_history() -> None:
    explanation = explain(explore(treiber(tag=0)), "not linearizable")
    for text in (mail(explanation), brief(explanation)):
        words = " ".join(text.split())
        assert "No order of these calls of stack is one that Stack has from" in words
        assert "pop(): 2 (A, A1 to A6, beside B1, B7)" in words


def forgetful() -> Program:
    """A stack of one thread, which does not say what it pops."""
    mem = Memory()
    stack = mem.linearizable("stack", Stack)

    async def a() -> None:
        async with stack.call("pop"):
            pass

    return Program(mem, {"A": Thread(a)})


def test_a_call_that_was_told_nothing_is_told_with_what_may_be_missing() -> None:
    said = "No returns() said what that call returns, so None was taken."
    explanation = explain(explore(forgetful()), "not linearizable")
    for text in (mail(explanation), brief(explanation)):
        assert said in " ".join(text.split())
    treibers = explain(explore(treiber(tag=0)), "not linearizable")  # it says what it pops
    assert all(said not in " ".join(each(treibers).split()) for each in (mail, brief))


# --- a register, and a queue ----------------------------------------------------------------------


def register(*, words: int) -> Program:
    """A register of two equal words, each a cell of its own; or both in one cell."""
    mem = Memory()
    cells = [mem.cell(f"word{n}", 0) for n in range(words)]
    held = mem.linearizable("register", Register)

    async def writes() -> None:
        async with held.call("write", 1):
            for cell in cells:
                await cell.store(1)

    async def reads() -> None:
        async with held.call("read") as call:
            found = {await cell.load() for cell in cells}
            call.returns(found.pop() if len(found) == 1 else "torn")

    return Program(mem, {"R": Thread(reads), "W": Thread(writes)})


def test_a_register_of_two_words_is_not_linearizable() -> None:
    # Four steps each, begin and end among them: C(8, 4) = 70. Torn is what finds the first word
    # new and the second old: both loads between the stores, with the begin of the read at one of
    # three places before them (W's two steps are there), and its end at one of three after: 9. Or
    # it finds the first old, the second new: then the stores are between the loads, and likewise 9.
    result = explore(register(words=2))
    assert result.interleavings == 70
    assert result.violations["not linearizable"].interleavings == 18
    # One word: 3 steps each, C(6, 3) = 20, and no order of them is wrong.
    result = explore(register(words=1))
    assert (result.verdict, result.interleavings) == ("pass", 20)


def buffered(*, fenced: bool) -> Program:
    """A register in one cell, which is written and read."""
    mem = Memory()
    cell = mem.cell("cell", 0)
    held = mem.linearizable("register", Register)

    async def writes() -> None:
        async with held.call("write", 1):
            await cell.store(1)
            if fenced:
                await fence("mb")

    async def reads() -> None:
        async with held.call("read") as call:
            call.returns(await cell.load())

    return Program(mem, {"R": Thread(reads), "W": Thread(writes)})


@pytest.mark.parametrize("fenced", [False, True])
def test_a_call_may_end_before_its_store_leaves_the_buffer(fenced: bool) -> None:
    # Then a read that begins after that end may find the old value. A mark that waited for the
    # buffer would hide it.
    assert explore(buffered(fenced=fenced)).verdict == "pass"
    result = explore(buffered(fenced=fenced), memory="tso")
    assert list(result.violations) == ([] if fenced else ["not linearizable"])


def herlihy_wing(*, takes: bool) -> Program:
    """Two put, one gets twice. `takes`: what is got is taken by an exchange, and not by two steps.

    Herlihy and Wing, 1990, section 4.1: no one step of put() is the instant at which it takes
    effect. A takes place 0, B takes place 1 and stores: then 2 is got before 1. Or it is looked at
    place 0, A stores there, B stores, and 2 is found: again 2 before 1. So who keeps one order
    only, that of the places or that of the stores, tells this queue that it is wrong.
    """
    mem = Memory()
    back = mem.cell("back", 0, values=range(3))
    items = [mem.cell(f"item{n}", 0) for n in range(2)]
    queue = mem.linearizable("queue", Queue)

    async def puts(item: int) -> None:
        async with queue.call("put", item):
            place = await back.fetch_add(1)
            await items[place].store(item)

    async def get() -> int | None:
        for place in range(await back.load()):
            if takes:
                found = await items[place].swap(0)
            else:
                found = await items[place].load()
                await items[place].store(0)
            if found:
                return found
        return None

    async def gets() -> tuple[int, ...]:
        got = []
        for _ in range(2 if takes else 1):
            async with queue.call("get") as call:
                while (found := await get()) is None:
                    pass
                got.append(call.returns(found))
        return tuple(got)

    putting = {"A": Thread(puts, 1), "B": Thread(puts, 2)} if takes else {"A": Thread(puts, 1)}
    return Program(mem, putting | {"G": Thread(gets, copies=1 if takes else 2)})


def test_a_queue_whose_calls_take_effect_at_no_certain_step_is_linearizable() -> None:
    result = explore(herlihy_wing(takes=True))
    assert result.verdict == "pass"
    assert {dict(outcome)["G"] for outcome in result.outcomes} == {(1, 2), (2, 1)}


def test_two_that_get_the_same_item_are_told() -> None:
    assert "not linearizable" in explore(herlihy_wing(takes=False)).violations


# --- against the definition -----------------------------------------------------------------------

CALLS: dict[type, list[tuple[str, tuple[object, ...]]]] = {
    Stack: [("push", (1,)), ("push", (2,)), ("pop", ())],
    Queue: [("put", (1,)), ("put", (2,)), ("get", ()), ("get_nowait", ())],
    Register: [("write", (1,)), ("write", (True,)), ("read", ()), ("add", (1,))],
}
ENDS: list[CallEnd] = [*map(Returned, (None, 0, 1, True, 2)), Raised(IndexError), Withdrawn()]


@st.composite
def histories(draw: st.DrawFn) -> tuple[type, History]:
    """Calls of up to three threads; an end is often one that is possible."""
    kind = draw(st.sampled_from(SPECIFICATIONS))
    history: list[Begin | End] = []
    under_way: dict[int, int] = {}
    for thread in draw(st.lists(st.integers(0, 2), min_size=2, max_size=10)):
        if thread not in under_way:
            under_way[thread] = len(history)
            history.append(Begin(*draw(st.sampled_from(CALLS[kind]))))
            continue
        begin = under_way.pop(thread)
        fit = [e for e in ENDS if is_linearizable((*history, End(begin, e)), kind)]
        ends = fit if fit and draw(st.booleans()) else ENDS
        history.append(End(begin, draw(st.sampled_from(ends))))
    return kind, tuple(history)


def first_without_order(history: History, kind: type) -> int | None:
    """After so many events there is no order; None: there is one of all."""
    lengths = range(1, len(history) + 1)
    return next((n for n in lengths if not is_linearizable(history[:n], kind)), None)


def followed(history: History, kind: type) -> tuple[int | None, list[tuple[CallEnd, ...]]]:
    """The same by what the engine keeps, and what each end could have been instead."""
    calls, numbers, could = Calls((Way(state_of(kind())),)), dict[int, int](), []
    for at, event in enumerate(history):
        if isinstance(event, Begin):
            numbers[at], calls = calls.begin(event.method, event.args)
            continue
        could.append(calls.ends(numbers[event.begin]))
        after = calls.end(numbers[event.begin], event.came_to)
        if after is None:
            return at + 1, could
        calls = after
    return None, could


@examples(400)
@given(histories())
def test_what_is_kept_decides_as_trying_all_orders_does(found: tuple[type, History]) -> None:
    kind, history = found
    at, could = followed(history, kind)
    assert at == first_without_order(history, kind)
    ends = [n for n, event in enumerate(history[:at]) if isinstance(event, End)]
    for n, told in zip(ends, could, strict=True):
        event = history[n]
        assert isinstance(event, End)
        for end in ENDS:
            if not isinstance(end, Withdrawn):  # which is an end, and nothing that it came to
                there_is = is_linearizable((*history[:n], End(event.begin, end)), kind)
                assert there_is == (repr(end) in map(repr, told)), (n, end)


# What a thread does within a call: {r} is what it returns, {v} a number.
BODIES = {
    "read": ["r = await a.load()", "r = await b.load()", "await a.load()\nr = await a.load()"],
    "write": ["await a.store({v})", "await b.store({v})\nawait a.store({v})"],
    "add": ["r = await a.fetch_add({v})", "r = await a.load()\nawait a.store(r + {v})"],
}
ARGUMENTS = {"read": "", "write": ", {v}", "add": ", {v}"}


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Two threads, one of them perhaps a pair of copies, with at most seven steps each."""
    names, lines = [], list[str]()
    for name in ("A", "B"):
        lines.append(f"    async def {name.lower()}():")
        steps, copies = 0, 1
        for _ in range(draw(st.integers(1, 2))):
            method = draw(st.sampled_from(sorted(BODIES)))
            body, v = draw(st.sampled_from(BODIES[method])), draw(st.integers(1, 2))
            steps += 2 + body.count("await")
            if steps > 7:
                break
            call = f"o.call('{method}'{ARGUMENTS[method].format(v=v)})"
            lines.append("        r = None")
            lines.append(f"        async with {call} as call:")
            lines += [f"            {line}" for line in body.format(v=v).splitlines()]
            lines.append("            call.returns(r)")
        if steps <= 3 and not names:
            copies = draw(st.integers(1, 2))
        names.append(f"'{name}': Thread({name.lower()}, copies={copies})")
    made = ["    mem = Memory()", "    a, b = mem.cell('a', 0), mem.cell('b', 0)"]
    made.append("    o = mem.linearizable('o', Register)")
    head = ["from racer import Memory, Program, Thread"]
    head += ["from tests.lang.test_linearizable import Register", "def program():"]
    last = f"    return Program(mem, {{{', '.join(names)}}})"
    return "\n".join([*head, *made, *lines, last])


@examples(25)
@given(programs())
def test_programs_show_it_as_often_as_trying_all_orders_says(source: str) -> None:
    oracle = by_oracle(build_source(source))
    for reduce in (True, False):
        assert by_engine(build_source(source), reduce=reduce) == oracle


# --- what calls may come to, and what a specification may be --------------------------------------


def one_call(specification: Callable[[], object], method: str, *args: object) -> Program:
    """Two copies of a thread that makes this call, and returns None from it."""
    mem = Memory()
    held = mem.linearizable("held", specification)

    async def calls() -> None:
        async with held.call(method, *args):
            await choose(None)

    return Program(mem, {"T": Thread(calls, copies=2)})


def test_a_call_that_has_to_wait_comes_to_no_end() -> None:
    explanation = explain(explore(one_call(Queue, "get")), "not linearizable")
    assert explanation.calls is not None
    assert explanation.calls.could == ()
    assert "that call had to wait" in " ".join(mail(explanation).split())


def popping(*, raises: type[Exception] | None) -> Program:
    mem = Memory()
    queue = mem.linearizable("queue", Queue)

    async def gets() -> str:
        try:
            async with queue.call("get_nowait"):
                await choose(None)
                if raises is not None:
                    raise raises
        except (IndexError, KeyError) as error:
            return type(error).__name__
        return "nothing raised"

    return Program(mem, {"G": Thread(gets)})


def test_a_call_may_come_to_an_exception_of_the_specification_and_to_no_other() -> None:
    result = explore(popping(raises=IndexError))
    assert [dict(outcome) for outcome in result.outcomes] == [{"G": "IndexError"}]
    assert result.verdict == "pass"
    for other in (KeyError, None):
        assert list(explore(popping(raises=other)).violations) == ["not linearizable"]


def test_a_call_that_never_ends_may_have_taken_effect_or_not() -> None:
    # Its thread ends by a violation of its own, so nothing follows its begin. It is R's two reads
    # that decide: old then new is an order, and new then old is none.
    mem = Memory()
    held = mem.linearizable("register", Register)

    async def writes() -> None:
        async with held.call("write", 1):
            await choose(None)
            raise Violation("died")

    async def reads() -> None:
        for value in (await choose((0, 0), (0, 1), (1, 1), (1, 0)), None)[:1]:
            for each in value:
                async with held.call("read") as call:
                    call.returns(each)

    result = explore(Program(mem, {"R": Thread(reads), "W": Thread(writes)}))
    ends = {
        "wrong": {o for o in result.outcomes if "not linearizable" in repr(dict(o)["R"])},
        "right": {o for o in result.outcomes if dict(o)["R"] is None},
    }
    assert len(ends["wrong"]) == len(ends["right"]) == 1
    # W has its begin and one more step, R its choice and four: C(7, 2) = 21 for each choice. (0, 0)
    # is always right; (1, 0) never. (1, 1) is wrong where W begins after the end of the first read,
    # with C(4, 2) = 6 orders of what is left: 21 - 6 = 15. (0, 1) is wrong where it begins after
    # the end of the second, when both its steps come last: 21 - 1 = 20.
    assert result.outcomes[next(iter(ends["right"]))].interleavings == 21 + 20 + 15


def taking(*, safe: bool) -> Program:
    """A takes an item, and awaits something before it has it to give back; it may be cancelled."""
    mem = Memory()
    items = mem.cell("items", (1,))
    queue = mem.linearizable("queue", Holder)

    async def take(*, interrupted: bool) -> None:
        async with queue.call("take") as call:
            if interrupted and safe:
                await checkpoint()
            before = await items.update(lambda held: held[1:])
            if interrupted and not safe:
                await checkpoint()
            call.returns(before[0] if before else None)

    async def a() -> None:
        await take(interrupted=True)

    async def b() -> None:
        await take(interrupted=False)

    return Program(mem, {"A": Thread(a, cancellable=True), "B": Thread(b)}, event_loop=True)


class Holder:
    def __init__(self) -> None:
        self.items = [1]

    def take(self) -> int | None:
        return self.items.pop() if self.items else None


def test_a_call_that_is_cancelled_takes_no_effect() -> None:
    # If A awaits after it has taken the item, and is cancelled there, B finds nothing though
    # nobody has the item.
    assert explore(taking(safe=True)).verdict == "pass"
    explanation = explain(explore(taking(safe=False)), "not linearizable")
    assert explanation.calls is not None
    assert {call.end for call in explanation.calls.calls} == {"cancelled", "None"}


class Colour(Enum):
    RED = 1


class Rich:
    """All that may be in a specification."""

    __slots__ = ("__dict__", "slotted")

    def __init__(self) -> None:
        self.slotted = [{1: {2, 3}}]
        self.recent: OrderedDict[int, tuple[list[int], ...]] = OrderedDict({1: ([1],)})
        self.last: deque[int] = deque([1], maxlen=2)
        self.colour, self.kind, self.mark = Colour.RED, int, _MARK

    def change(self) -> bool:
        self.slotted[0][1].add(4)
        self.recent[1][0].append(2)
        self.recent.move_to_end(1)
        self.last.append(len(self.slotted[0][1]))
        assert self.mark is _MARK
        return sorted(self.slotted[0][1]) == [2, 3, 4]


_MARK = object()


def test_a_state_is_copied_and_compared_as_a_whole() -> None:
    start = state_of(Rich())
    assert start == state_of(Rich())
    calls = Calls((Way(start),))
    number, calls = calls.begin("change", ())
    after = calls.end(number, Returned(True))
    assert after is not None
    (way,) = after.ways
    assert repr(way.state) == (
        "Rich(colour=Colour.RED, kind=<class 'int'>, last=deque([1, 3]), mark=<object object>, "
        "recent={1: ([1, 2],)}, slotted=[{1: set({2, 3, 4})}])"
    )
    assert start == state_of(Rich()), "what the method changed was a copy"


class Holding:
    def __init__(self, *held: object) -> None:
        self.held, self.items = held, [1]

    def look(self) -> None:
        pass


class Node:
    def __init__(self) -> None:
        self.below = None


class MyList(list[int]):
    pass


_TWICE: list[int] = []


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: Holding(Node()), "holds a Node in 'held'"),
        (lambda: Holding(_TWICE, _TWICE), "holds one list twice, the second time in 'held'"),
        (lambda: Holding(iter([1])), "holds a list_iterator"),
        (MyList, "has more in it than attributes"),
        (lambda: 1 / 0, "cannot be made: ZeroDivisionError"),
        (7, "needs a class as its specification"),
    ],
)
def test_what_cannot_be_copied_is_refused(made: Any, why: str) -> None:
    with pytest.raises(ProgramError, match=why):
        Memory().linearizable("held", made)


class Odd:
    """Methods that a specification may not have."""

    def __init__(self) -> None:
        self.names = {"a", "b", "c"}

    def any(self) -> str:
        return next(iter(self.names))

    def pops(self) -> str:
        return self.names.pop()

    def smallest(self) -> None:
        assert min(self.names) == "a"

    def wrong(self) -> None:
        self.missing.append(1)  # type: ignore[attr-defined]

    def unhashable(self) -> list[int]:
        return []

    def counts(self) -> None:
        _TWICE.append(1)


@pytest.mark.parametrize(
    ("method", "args", "why"),
    [
        ("any", (), "is no function of its state"),
        ("pops", (), "is no function of its state"),
        ("wrong", (), "AttributeError"),
        ("smallest", (1,), "TypeError"),
        ("unhashable", (), "is a list, which is not hashable"),
        ("counts", (), "which is not a cell"),
        ("absent", (), "has no method of that name"),
        ("_hidden", (), "has no method of that name"),
        ("smallest", ([],), "an argument of held.smallest"),
    ],
)
def test_a_specification_that_is_broken_is_an_error_of_the_model(
    method: str, args: tuple[object, ...], why: str
) -> None:
    with pytest.raises(ModelError, match=why):
        explore(one_call(Odd, method, *args))
    del _TWICE[:]


def test_a_set_may_be_used_where_its_order_makes_no_difference() -> None:
    assert explore(one_call(Odd, "smallest")).verdict == "pass"


def test_a_thread_makes_one_call_at_a_time_and_each_call_once() -> None:
    mem = Memory()
    held = mem.linearizable("held", Register)

    async def nested() -> None:
        async with held.call("read"), held.call("read"):
            pass

    async def twice() -> None:
        call = held.call("write", 1)
        async with call:
            pass
        async with call:
            pass

    with pytest.raises(ModelError, match="second time before it has left"):
        explore(Program(mem, {"T": Thread(nested)}))
    with pytest.raises(ModelError, match="entered a second time"):
        explore(Program(mem, {"T": Thread(twice)}))
    with pytest.raises(Misuse):
        Calls((Way(state_of(Odd())),), Calls(()).begin("any", ())[1].pending).ends(0)
