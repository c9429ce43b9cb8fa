"""Predicates whose answer differs with the hash seed: asked again with sets in other orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from racer.automata.environment import Environment
from racer.automata.orders import ORDERS, Order, arranged, can_be_arranged
from racer.automata.rewriting import Rewritten, differs, may_differ
from racer.errors import ModelError

T = TypeVar("T")

Values = Mapping[str, object]
Ask = Callable[[Callable[..., object], Values], T]  # of a function, with these values of the cells


class Seeds:
    """Asks one function of a state in three orders, where it may go through a set."""

    def __init__(self, environment: Environment, function: Callable[..., object]) -> None:
        self._function = function
        self.environment = environment
        self._copies: list[tuple[Order, Callable[..., object], Rewritten | None]] | None = None

    def require_one_answer(self, answer: T, values: Values, read: Values, ask: Ask[T]) -> None:
        """Refuse a function that gives another answer in another order. `read` are those of the
        values that it may have looked at.

        Errors   ModelError.
        """
        copies = self._made_copies()
        given = any(map(can_be_arranged, read.values()))
        if not given and copies[0][2] is None:
            return
        for order, function, rewritten in copies:
            view = _Arranged(values, order) if given else values
            if ask(function, view) != answer:
                what, remedy = differs() if rewritten is None else rewritten.what_differs()
                raise ModelError(
                    f"{self.environment.owner} {what}: of one and the same state it says one thing "
                    f"and another.\n{remedy}"
                )

    def _made_copies(self) -> list[tuple[Order, Callable[..., object], Rewritten | None]]:
        if self._copies is None:
            environment, function = self.environment, self._function
            own = may_differ(environment.codes(), environment.trusted())
            self._copies = []
            for number, order in enumerate(ORDERS):
                rewritten = Rewritten(order, number) if own else None
                copy = function if rewritten is None else rewritten.copy(function)
                self._copies.append((order, copy, rewritten))
        return self._copies


class _Arranged(Mapping[str, object]):
    """The values of cells, the sets in them in an order that is asked for."""

    def __init__(self, values: Values, order: Order) -> None:
        self._values = values
        self._order = order

    def __getitem__(self, name: str) -> object:
        value: Any = self._values[name]
        return arranged(value, self._order)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:  # asking for a name is not reading the cell
        return name in self._values
