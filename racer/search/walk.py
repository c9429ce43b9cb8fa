"""Traversals: every way to go through states that is not the search for the state graph itself.

Nodes are hashable; what follows a node is asked once, when it is entered, so that whoever answers
may count it against a budget.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, Literal, TypeVar

N = TypeVar("N", bound=Hashable)
Label = TypeVar("Label")


class DepthFirst(Generic[N]):
    """A depth-first traversal, told as it goes on; the least successor first.

    Iterating gives ("enter", node) for every node, once; ("met", node) where a step leads to one
    that was entered before; and ("leave", node) when all that follows it has been entered.
    `path` are the nodes from the start to the one at hand, which still has its place when it is
    left; `place` their positions, so that a node met is on a cycle exactly if it has one.
    """

    def __init__(self, start: N, following: Callable[[N], Iterable[N]]) -> None:
        self.path = [start]
        self.place = {start: 0}
        self.seen = {start}
        self._following = following

    def __iter__(self) -> Iterator[tuple[Literal["enter", "met", "leave"], N]]:
        yield "enter", self.path[0]
        rest = [iter(self._following(self.path[0]))]
        while rest:
            for node in rest[-1]:
                if node in self.seen:
                    yield "met", node
                    continue
                self.seen.add(node)
                self.place[node] = len(self.path)
                self.path.append(node)
                yield "enter", node
                rest.append(iter(self._following(node)))
                break
            else:
                yield "leave", self.path[-1]
                rest.pop()
                del self.place[self.path.pop()]


def reachable(start: N, following: Callable[[N], Iterable[N]]) -> Iterator[N]:
    """Every node that can be reached, `start` first, each once, as soon as it is entered."""
    return (node for event, node in DepthFirst(start, following) if event == "enter")


def along(
    start: N, labels: Iterable[Label], following: Callable[[N], Iterable[tuple[Label, N]]]
) -> Iterator[N]:
    """The nodes that steps of these labels lead through, `start` first.

    Errors   KeyError for a label that no step has there.
    """
    yield start
    for label in labels:
        start = dict(following(start))[label]
        yield start


def shortest(
    start: N, goal: N, following: Callable[[N], Iterable[tuple[Label, N]]]
) -> list[tuple[Label, N]]:
    """The shortest way to a node that can be reached: each step's label, and where it leads."""
    came: dict[N, tuple[N, Label]] = {}
    waiting = deque([start])
    while goal != start and goal not in came:
        node = waiting.popleft()
        for label, after in following(node):
            if after != start and after not in came:
                came[after] = (node, label)
                waiting.append(after)
    way: list[tuple[Label, N]] = []
    while goal != start:
        node, label = came[goal]
        way.append((label, goal))
        goal = node
    return way[::-1]
