"""The kernel's macros in litmus tests: what each does to memory.

Source   tools/memory-model/linux-kernel.def of Linux 6.12, and linux-kernel.bell for how accesses
         are marked; atomic_add_unless, which herd7 knows by itself, as lib/ and arch/ have it. One
         that fails reads only, unmarked by any order. Operations that give no value are relaxed,
         and their read is "noreturn": smp_rmb() does not order it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import number
from racer.axiomatic.instructions import Update

FENCES: Final[Mapping[str, str]] = {
    "smp_mb": "mb",
    "smp_rmb": "rmb",
    "smp_wmb": "wmb",
    "smp_mb__before_atomic": "before-atomic",
    "smp_mb__after_atomic": "after-atomic",
    "smp_mb__after_spinlock": "after-spinlock",
    "smp_mb__after_unlock_lock": "after-unlock-lock",
    "barrier": "barrier",
    "rcu_read_lock": "rcu-lock",
    "rcu_read_unlock": "rcu-unlock",
    "synchronize_rcu": "sync-rcu",
    "synchronize_rcu_expedited": "sync-rcu",
}

# By name: how it is marked, and whether it names the location itself, `*x`, or its address, `x`.
LOADS: Final[Mapping[str, tuple[str, bool]]] = {
    "READ_ONCE": ("once", True),
    "rcu_dereference": ("once", True),
    "smp_load_acquire": ("acquire", False),
    "atomic_read": ("once", False),
    "atomic_read_acquire": ("acquire", False),
    "spin_is_locked": ("lock-looked-at", False),
}

# The same of stores, and the fence that follows.
STORES: Final[Mapping[str, tuple[str, bool, str]]] = {
    "WRITE_ONCE": ("once", True, ""),
    "rcu_assign_pointer": ("release", True, ""),
    "smp_store_release": ("release", False, ""),
    "smp_store_mb": ("once", True, "mb"),
    "atomic_set": ("once", False, ""),
    "atomic_set_release": ("release", False, ""),
}


@dataclass(frozen=True, slots=True)
class AtomicCall:
    """A read-modify-write, as it is called.

    address     which argument is the location; the others are operands
    arguments   how many there are
    constant    a last operand that is no argument: 1 of atomic_inc()
    gives       whether it has a value
    """

    update: Update
    address: int
    arguments: int
    reads: str
    writes: str
    fence: str
    constant: int | None = None
    gives: bool = True
    fails: str = "once"


def _old(old: Value, new: Value | None) -> Value:
    return old


def _new(old: Value, new: Value | None) -> Value:
    return old if new is None else new


def _is_zero(old: Value, new: Value | None) -> Value:
    return int(new == 0)


def _is_negative(old: Value, new: Value | None) -> Value:
    return int(number(_new(old, new)) < 0)


def _succeeded(old: Value, new: Value | None) -> Value:
    return int(new is not None)


def _swap(old: Value, operand: Value) -> Value:
    return operand


def _compare(old: Value, expected: Value, new: Value) -> Value | None:
    return new if old == expected else None


def _add_unless(old: Value, more: Value, unless: Value) -> Value | None:
    return None if old == unless else number(old) + number(more)


_ARITHMETIC: Final = {
    "add": lambda old, more: number(old) + number(more),
    "sub": lambda old, less: number(old) - number(less),
    "inc": lambda old, one: number(old) + number(one),
    "dec": lambda old, one: number(old) - number(one),
    "and": lambda old, mask: number(old) & number(mask),
    "or": lambda old, mask: number(old) | number(mask),
    "xor": lambda old, mask: number(old) ^ number(mask),
    "andnot": lambda old, mask: number(old) & ~number(mask),
}
_COUNTING: Final = ("inc", "dec")

# How the read and the write are marked, and the fence around both.
_ORDERS: Final = {
    "": ("once", "once", "mb"),
    "_relaxed": ("once", "once", ""),
    "_acquire": ("acquire", "once", ""),
    "_release": ("once", "release", ""),
}


def _calls() -> dict[str, AtomicCall]:
    found = {}
    for name, function in _ARITHMETIC.items():
        counts = name in _COUNTING
        place, arguments, constant = (0, 1, 1) if counts else (1, 2, None)
        found[f"atomic_{name}"] = AtomicCall(
            Update(function), place, arguments, "noreturn", "once", "", constant, gives=False
        )
        for suffix, (reads, writes, fence) in _ORDERS.items():
            for form, result in ((f"{name}_return", _new), (f"fetch_{name}", _old)):
                if name in ("and", "or", "xor", "andnot") and result is _new:
                    continue  # the kernel has none
                update = Update(function, result, gives_new=result is _new)
                found[f"atomic_{form}{suffix}"] = AtomicCall(
                    update, place, arguments, reads, writes, fence, constant
                )
    full = _ORDERS[""]
    for name, operation in (("sub", "sub"), ("dec", "dec"), ("inc", "inc")):
        counts = name in _COUNTING
        place, arguments, constant = (0, 1, 1) if counts else (1, 2, None)
        update = Update(_ARITHMETIC[operation], _is_zero, gives_new=True)
        found[f"atomic_{name}_and_test"] = AtomicCall(update, place, arguments, *full, constant)
    found["atomic_add_negative"] = AtomicCall(
        Update(_ARITHMETIC["add"], _is_negative, gives_new=True), 1, 2, *full
    )
    found["atomic_add_unless"] = AtomicCall(
        Update(_add_unless, _succeeded, compared=1), 0, 3, *full
    )
    for suffix, order in _ORDERS.items():
        for prefix in ("", "atomic_"):
            swap, compare = (
                Update(_swap, uses_old=False),
                Update(_compare, uses_old=False, compared=0),
            )
            found[f"{prefix}xchg{suffix}"] = AtomicCall(swap, 0, 2, *order)
            found[f"{prefix}cmpxchg{suffix}"] = AtomicCall(
                compare, 0, 3, *order, fails="compare-failed"
            )
    return found


def _taken(old: Value) -> Value | None:
    return 1 if old == 0 else None


ATOMICS: Final[Mapping[str, AtomicCall]] = {
    **_calls(),
    "spin_lock": AtomicCall(
        *(Update(_taken, uses_old=False, waits=True), 0, 1, "lock", "lock-write", ""), gives=False
    ),
    "spin_trylock": AtomicCall(
        *(Update(_taken, _succeeded, uses_old=False), 0, 1, "lock", "lock-write", ""),
        fails="lock-failed",
    ),
}

LOCKING: Final = frozenset({"spin_lock", "spin_unlock", "spin_trylock", "spin_is_locked"})

# What is known and not modelled, with why: named, where any other call is just unknown.
NOT_MODELLED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("srcu_read_lock", "srcu_read_unlock", "srcu_down_read", "srcu_up_read"),
            *("synchronize_srcu", "synchronize_srcu_expedited", "smp_mb__after_srcu_read_unlock"),
        ),
        "SRCU is not modelled",
    ),
}
