"""Explaining what an exploration found, for as long as there is time; and how much is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from racer import interrupts
from racer.artefacts.naming import case_title, explore_command, mailed_command
from racer.catalogue.parameters import Value, show_parameters, what_if_text
from racer.catalogue.scenario import Expected, Scenario
from racer.errors import ProgramError, UsageError
from racer.explanation.data import Explanation
from racer.explanation.exact import exactly
from racer.exploration.explaining import explained
from racer.exploration.judgement import Judgement
from racer.exploration.result import Result
from racer.exploration.stages import extra
from racer.exploration.witness_file import racer_version
from racer.lang.run import OutOfTime
from racer.machine.loaded import Loaded
from racer.search.limits import is_past
from racer.viz.brief import Origin, brief_of
from racer.viz.mail import mail
from racer.viz.mermaid import mermaid

Detail = Literal["brief", "usual", "full", "mermaid"]
ALONE: Final = ("brief", "mermaid")  # to be pasted somewhere: nothing else is printed beside it


def detail_of(*, brief: bool, full: bool, mermaid: bool) -> Detail:
    """What was asked for. Errors: UsageError for more than one."""
    given: dict[Detail, bool] = {"brief": brief, "full": full, "mermaid": mermaid}
    asked = [detail for detail, wanted in given.items() if wanted]
    if len(asked) > 1:
        both = " and ".join(f"--{each}" for each in asked)
        raise UsageError(f"{both} exclude each other: ask for one of them.")
    return asked[0] if asked else "usual"


def says_all(result: Result, judgement: Judgement) -> bool:
    """Whether the briefs of its violations say all that is found: it is what is declared, if
    anything is, and nothing cut the search."""
    told = bool(result.violations) and not result.vacuous
    return told and result.bound is None and judgement.as_expected is not False


def told(explanation: Explanation, detail: Detail, origin: Origin) -> str:
    """An explanation as text, without a newline at its end."""
    if detail == "brief":
        return brief_of(explanation, origin).rstrip()
    if detail == "mermaid":
        return mermaid(explanation, origin.title).rstrip()
    return mail(explanation, full=detail == "full").rstrip()


def mailed(title: str, text: str, witness: str | None, trailer: str = "") -> str:
    """A mail: what was explored, why it comes out so, the trailer if there is one, and what replays
    it if there is a witness."""
    command = "" if witness is None else mailed_command(["racer", "replay", witness])
    return "\n\n".join(part for part in (title, text, trailer, command) if part)


def origin_of(
    scenario: Scenario,
    reference: str,
    parameters: Mapping[str, Value],
    memory: str,
    declared: Expected | None,
    label: str,
    command: Sequence[str] | None = None,
    others: Sequence[str] = (),
) -> Origin:
    """What a scenario declares of a label, and how it is explored again: by `command`, if not by
    `racer explore`.

    What is declared counts only if it has the label: else it is about something else. `others` are
    labels that are to be named besides; a reason is not repeated.
    """
    if declared is not None and label not in declared.labels:
        declared = None
    if command is None:
        command = explore_command(scenario, reference, parameters, memory, named="variant")
    reasons: dict[str, str] = {}
    for each in (label, *others):
        why = declared.reason_of(each) if declared else ""
        reasons[each] = "" if why in reasons.values() else why
    return Origin(
        title=case_title(scenario, parameters, memory),
        what_if=what_if_text(scenario.what_ifs(parameters)),
        because=reasons[label],
        others=tuple((each, why) for each, why in reasons.items() if each != label),
        remedy=_remedy(scenario, parameters, memory, declared, label, command) if declared else "",
        command=mailed_command(command),
        version=racer_version(),
    )


def _remedy(
    scenario: Scenario,
    parameters: Mapping[str, Value],
    memory: str,
    declared: Expected,
    label: str,
    command: Sequence[str],
) -> str:
    """What helps: the parameters, and what they stand for where that is said in words.

    It is what the scenario declares of them that counts: that it passes, or at least has not this
    label. Otherwise nothing is said. What stands in the command is named as what they replace,
    since nothing can be set twice.
    """
    fixed_by = declared.fixed_by
    others = _declared_with(scenario, {**parameters, **fixed_by}, memory) if fixed_by else None
    if others is None or label in others.labels:
        return ""
    meant = [
        meaning
        for each in scenario.parameters
        if each.name in fixed_by and (meaning := each.meaning(fixed_by[each.name]))
    ]
    settings = " ".join(f"--set {show_parameters({name: v})}" for name, v in fixed_by.items())
    now = [show_parameters({name: parameters[name]}) for name in fixed_by if name in parameters]
    replaced = [each for each in now if each in command]
    if replaced:
        settings += f" in place of {' '.join(replaced)}"
    if meant:
        settings += f" ({'; '.join(meant)})"
    if others.verdict == "pass":
        return f"Passes with {settings}."
    return f"Not with {settings}, which fails otherwise: {', '.join(others.labels)}."


def _declared_with(
    scenario: Scenario, parameters: Mapping[str, Value], memory: str
) -> Expected | None:
    """What is declared of these parameters; None where nothing is, or where they are refused."""
    try:
        scenario.build(**parameters)
        return scenario.expected(memory, **parameters)
    except (ProgramError, UsageError):  # whoever explores that is told
        return None


def explanations_of(
    result: Result, loaded: Loaded, deadline: float | None, end: float | None
) -> tuple[dict[str, Explanation], bool]:
    """Of each label that there is time for; and whether Ctrl-C cut it.

    That loses no violation, nor does the deadline: those left are told by their schedule alone,
    until the `end`.
    """
    known: dict[str, Explanation] = {}
    try:
        with exactly(loaded, result.memory, deadline=deadline) as exact, interrupts.allowed():
            for label in result.violations:
                known[label] = explained(result, label, exact)
        return known, False
    except (KeyboardInterrupt, OutOfTime) as stop:
        for label in result.violations:
            if label not in known and not is_past(end):
                known[label] = explained(result, label, None)
        return known, isinstance(stop, KeyboardInterrupt)


def end_of_telling(deadline: float | None, timeout: float | None) -> float | None:
    """When the last label has to be told, and drawn."""
    return None if deadline is None or timeout is None else deadline + extra(timeout)
