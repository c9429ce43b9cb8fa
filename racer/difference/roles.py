"""What scenarios show with a function of a series as C, on either side of a patch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from racer.c_source.inputs import Source
from racer.c_source.touching import Touched
from racer.c_source.translating import changed_functions
from racer.catalogue.discovery import Found
from racer.catalogue.in_c import InC, given
from racer.catalogue.parameters import Parameter
from racer.difference.reviewing import Came, Case
from racer.errors import RacerError
from racer.exploration.exploring import explored
from racer.exploration.wanted import Wanted
from racer.lang.patience import until
from racer.lang.run import OutOfTime
from racer.search.limits import Tell, deadline_after

Progress = Callable[[str], AbstractContextManager[Tell | None]]


@dataclass(slots=True)
class Roles:
    """The scenarios, each explored with its default parameters, and how far.

    Beside the function that is asked about, each is given all others with a role that the patches
    up to there have changed: what is asked is what the series comes to, patch by patch.

    progress  what watches the search of a scenario that is named
    """

    scenarios: Sequence[Found]
    max_states: int | None = None
    timeout: float | None = None
    progress: Progress = lambda _: nullcontext()
    _known: dict[tuple[object, ...], Came] = field(default_factory=dict)

    def cases(self, asked: Touched, before: Source, after: Source) -> Iterator[Case]:
        """One for each scenario with a parameter that has a role for the function."""
        for found in self.scenarios:
            for parameter in found.scenario.parameters:
                mark = parameter.in_c
                role = None if mark is None else mark.role_of(asked.name)
                if mark is None or role is None:
                    continue
                sides = [
                    Came("not there")
                    if asked.how == missing
                    else self._came_once(
                        found, parameter, _functions(mark, asked.name, source), source
                    )
                    for missing, source in (("added", before), ("removed", after))
                ]
                yield Case(found.reference, role.name, *sides)

    def _came_once(
        self, found: Found, parameter: Parameter, functions: dict[str, str], source: Source
    ) -> Came:
        """What it shows; where that was asked before of the same C, what it showed then."""
        changed = changed_functions(source) | set(functions.values())
        texts = [(each.name, each.text) for each in source.functions() if each.name in changed]
        key = (found.reference, parameter.name, *sorted(functions.items()), *texts)
        if key not in self._known:
            self._known[key] = self._came(found, parameter, functions, source)
        return self._known[key]

    def _came(
        self, found: Found, parameter: Parameter, functions: dict[str, str], source: Source
    ) -> Came:
        assert parameter.in_c is not None
        deadline = deadline_after(self.timeout)
        try:
            for name in functions.values():
                source.function(name)  # refused, in words, where not all of it is there
            value = given(parameter.in_c, source, functions, str(parameter.default))
            with until(deadline):
                program = found.scenario.build(**{parameter.name: value})
            with self.progress(found.reference) as tell:
                wanted = Wanted(
                    count=False,
                    max_states=self.max_states,
                    timeout=self.timeout,
                    deadline=deadline,
                    progress=tell,
                )
                result = explored(program, wanted)
        except RacerError as error:
            return Came("not explored", why=str(error).partition("\n")[0])
        except OutOfTime:
            return Came("not explored", why="the timeout was over before there was a program")
        labels = tuple(sorted({*result.violations, *result.vacuous}))
        return Came(result.verdict, labels, (result.bound or "").partition(";")[0])


def _functions(mark: InC, name: str, source: Source) -> dict[str, str]:
    """By role, the functions that the patches have changed, and the one that is asked about."""
    changed = changed_functions(source)
    found: dict[str, str] = {}
    for each in source.names():
        role = mark.role_of(each)
        if role is not None and (each == name or (each in changed and role.name not in found)):
            found[role.name] = each
    return found
