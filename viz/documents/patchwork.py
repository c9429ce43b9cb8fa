"""Results as a check of Patchwork, as its REST API takes one of a patch.

    racer explore scenarios/ --patchwork | curl -H "Authorization: Token ..." --json @- \\
        https://patchwork.kernel.org/api/patches/ID/checks/

Source   Patchwork's REST API, "Create check": `state` is pending, success, warning or fail;
         `context` is a slug, under which the newest check of a patch counts
Differs  `target_url` is left out: where the output of a job can be seen, the job knows
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from racer.viz.documents.case import ExploredCase, Told
from racer.viz.documents.parts import Entry, dumped
from racer.viz.summary import counted, result_line

_LONGEST = 255  # of a context, in Patchwork


class Check(Entry, frozen=True, kw_only=True):
    """One check of a patch.

    state        "success": all is as declared; "fail": not; "warning": a limit cut it
    context      what was checked
    description  what came of it
    """

    state: Literal["success", "warning", "fail"]
    context: Annotated[str, msgspec.Meta(pattern=r"^[-a-zA-Z0-9_]+$", max_length=_LONGEST)]
    description: str


def patchwork(cases: Sequence[Told], asked: str) -> str:
    """The check of what was explored, in one line; `asked` is what the command named."""
    (name, said) = (asked, _several(cases))
    if len(cases) == 1 and isinstance(cases[0], ExploredCase):
        name, said = cases[0].name, _one(cases[0])
    slug = re.sub(r"[^a-zA-Z0-9_]+", "-", f"racer-{name}").strip("-")[:_LONGEST]
    return dumped(Check(state=_state(cases), context=slug, description=said))


def _state(cases: Sequence[Told]) -> Literal["success", "warning", "fail"]:
    standings = {each.standing if isinstance(each, ExploredCase) else "" for each in cases}
    if standings & {"", "not as declared"}:
        return "fail"
    return "warning" if "cut" in standings else "success"


def _one(case: ExploredCase) -> str:
    return f"{case.standing}: {result_line(case.result)}"


def _several(cases: Sequence[Told]) -> str:
    explored = [each for each in cases if isinstance(each, ExploredCase)]
    said = {
        "not as declared": [each.name for each in explored if each.standing == "not as declared"],
        "cut by a limit": [each.name for each in explored if each.standing == "cut"],
        "not explored": [each.name for each in cases if not isinstance(each, ExploredCase)],
    }
    parts = [f"{what}: {', '.join(names)}" for what, names in said.items() if names]
    return f"{counted(len(cases), 'scenario')}, {'; '.join(parts) or 'all as declared'}"
