"""A result as text: the verdict first, then its denominators, then one entry for each label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from racer.catalogue.parameters import Value, show_parameters, what_if_text
from racer.exploration.families import outcome_families
from racer.exploration.judgement import Judgement
from racer.exploration.result import ByExecutions, Finding, Result, Sampling
from racer.search.sampling import RUNS_FOR_UNSEEN, at_least_once
from racer.viz.executions import (
    FLAGGED,
    execution_lines,
    executions_text,
    kind_text,
    of_interleavings_lines,
    prevented_text,
    rests_lines,
)
from racer.viz.wrapping import filled
from racer.words import counts
from racer.words.counts import preemptions_text
from racer.words.outcomes import family_text

_MARGIN = 15
OUTCOMES_SHOWN = 12


def heading(
    name: str,
    summary: str,
    parameters: Mapping[str, Value],
    memory: str,
    what_ifs: Mapping[str, Value],
) -> str:
    """What was explored: name, parameters, memory model; which of the parameters are not what the
    code under test does; then what the scenario is about."""
    values = show_parameters(parameters)
    title = "  ".join(part for part in (name, values, f"memory={memory}") if part)
    return "\n".join(filled(line) for line in (title, what_if_text(what_ifs), summary) if line)


def summary(result: Result, judgement: Judgement) -> str:
    """Everything about a result but the pictures."""
    if result.executions is not None:
        return executions_summary(result, judgement, result.executions)
    parts = [verdict_text(result, judgement), _numbers(result)]
    parts += [_label(name, found, result) for name, found in result.violations.items()]
    if result.verdict == "pass" and result.unfair != ():
        parts.append(_entry("fairness", fairness_text(result)))
    if perpetual_text(result):
        parts.append(_entry("perpetual", perpetual_text(result)))
    if event_loop_text(result):
        parts.append(_entry("event loop", event_loop_text(result)))
    if result.sampling is not None:
        parts.append(_entry("sampled", sampling_text(result.sampling)))
    compared = coverage_text(result)
    if compared is not None:
        parts.append(_entry("compared", compared))
    parts += [_entry(name, vacuous_text(name, result)) for name in result.vacuous]
    if result.outcomes or result.bound is None:
        parts.append(_outcomes(result))
    return "\n\n".join(part for part in parts if part)


def executions_summary(result: Result, judgement: Judgement, said: ByExecutions) -> str:
    """Everything about a result under a memory model of executions."""
    parts = [verdict_text(result, judgement), _entry("executions", executions_text(said))]
    for name, found in result.violations.items():
        effects = [f"effect: {text}" for text in result.effects(name) if text]
        shown = found.witness.execution
        told = [] if shown is None else execution_lines(shown)
        lines = [needs_text(found), *effects, *rests_lines(name, said)]
        parts.append("\n".join([_entry(name, *lines), *told]))
    parts += [_entry(name, prevented_text(result.memory)) for name in said.prevented]
    parts += [_entry(name, vacuous_text(name, result)) for name in result.vacuous]
    parts += [_entry(flag, FLAGGED) for flag in said.flags]
    if said.of_interleavings:
        parts.append(_entry("interleavings", *of_interleavings_lines(said)))
    if result.outcomes:
        parts.append(_outcomes(result))
    return "\n\n".join(parts)


def vacuous_text(name: str, result: Result) -> str:
    """Why a predicate says nothing."""
    if result.loaded is not None and name in result.loaded.program.finally_:
        return "vacuous: no interleaving comes to an end, so it was asked of none"
    return "vacuous: no state reaches it, so the model does not show what it is for"


def sampling_text(sampling: Sampling) -> str:
    """What single runs say of those that were not drawn."""
    runs = f"{counted(sampling.runs, 'run')} by {sampling.method.upper()}, seed {sampling.seed}"
    drawn = f"{runs}: {counted(sampling.distinct, 'schedule')}, {sampling.longest} steps at most"
    if sampling.ended < sampling.runs:
        drawn += f", {sampling.runs - sampling.ended:,} cut before their end"
    if sampling.unseen < 1:
        unseen = (
            f"one more run comes to an outcome that none came to with a probability of at most "
            f"{_percent(sampling.unseen)} (at a confidence of 95 %)"
        )
    else:
        unseen = (
            f"how likely one more run comes to an outcome that none came to is not known: that "
            f"takes {RUNS_FOR_UNSEEN} runs at least, and more where many outcomes came but once"
        )
    if sampling.chance is None:
        unknown = f"how likely each meets a violation is not known: {sampling.why_not}"
        return f"{drawn}; {unknown}; {unseen}"
    once, all_ = sampling.chance, at_least_once(sampling.chance, sampling.runs)
    return (
        f"{drawn}; a violation of depth {sampling.depth} is met with a probability of at least "
        f"{_percent(once)} by each run, {_percent(all_)} by all, if no run has more than "
        f"{sampling.steps} steps; {unseen}"
    )


def _percent(share: float) -> str:
    """A probability, to two digits that count."""
    return f"{float(f'{100 * share:.2g}'):g} %"


def fairness_text(result: Result) -> str:
    """What the verdict rests on where threads could go on for ever."""
    if result.unfair is None:
        return (
            "assumed of the scheduler: some thread might go on for ever, were another thread that "
            "can go on never let on (--count searches all states, and says which)"
        )
    return (
        f"assumed of the scheduler: {', '.join(result.unfair)} could go on for ever, were another "
        f"thread that can go on never let on"
    )


def perpetual_text(result: Result) -> str:
    """What is asked of threads without a way out; empty where there are none."""
    threads = () if result.loaded is None else result.loaded.program.instances()
    groups = sorted({each.group for each in threads if each.perpetual})
    if not groups:
        return ""
    has = "has no way out in its" if len(groups) == 1 else "have no way out in their"
    return (
        f"{', '.join(groups)} {has} code, so to go on for ever is no livelock; asked is whether "
        f"each such thread can always come to change a cell again"
    )


def event_loop_text(result: Result) -> str:
    """How tasks of an event loop were searched; empty of other threads."""
    loop = False if result.loaded is None else result.loaded.program.event_loop
    if loop == "fifo":
        return (
            "tasks go on in the order in which they became ready; nothing is reduced, since all "
            "steps depend on whose turn it is, and copies are made one after the other"
        )
    if loop:
        return (
            "any task that can go on may be the next; only copies are reduced, since all steps "
            "depend on whose turn it is"
        )
    return ""


def coverage_text(result: Result) -> str | None:
    """What was not compared with real coroutines; None where all that has to be was."""
    coverage = result.coverage
    if coverage is None and result.bound is None:
        return (
            "real coroutines were not run beside each other, since time was over: state that is "
            "no cell may have been missed"
        )
    if coverage is None or coverage.edges == coverage.of_edges:
        return None
    return (
        f"real coroutines, run beside each other, took {coverage.edges:,} of the "
        f"{coverage.of_edges:,} edges of automata that were searched, and then time, memory or the "
        f"{coverage.steps:,} steps were spent: state that is no cell may have been missed in the "
        f"others"
    )


def count_text(count: int) -> str:
    """An exact count with its thousands marked; one of very many digits, rounded."""
    text = counts.count_text(count)
    return f"about {text} (exact with --json)" if "e" in text else text


def result_line(result: Result) -> str:
    """A result in one line: the verdict, what is wrong, the denominator, the memory model."""
    labels = [*result.violations, *(f"{name} (vacuous)" for name in result.vacuous)]
    shown = f": {', '.join(labels)}" if labels else ""
    if result.executions is not None:
        said = result.executions.count
        count = "executions not counted" if said is None else counted(said, "execution")
        return f"{result.verdict}{shown}; {count}; memory={result.memory}"
    if result.interleavings is None:
        searched = f"interleavings {interleavings_text(result)}"
    else:
        searched = counted(result.interleavings, "interleaving")
    return (
        f"{result.verdict}{shown}; {searched}; {counted(result.states, 'state')}; "
        f"memory={result.memory}"
    )


def verdict_text(result: Result, judgement: Judgement) -> str:
    """The verdict, whether it is as declared, and the reason that is declared."""
    word = result.verdict.upper()
    if result.verdict == "bound":
        return filled(f"{word}  nothing is proved: {result.bound}")
    labels = f": {', '.join(judgement.labels)}" if judgement.labels else ""
    cut = f"\n{filled(cut_text(result), '  ')}" if result.bound is not None else ""
    if judgement.as_expected is None:
        return f"{word}{labels}{cut}"
    because = judgement.declared.reason if judgement.declared and not judgement.override else ""
    if judgement.as_expected:
        line = f"{word}  as expected{labels}"
    else:
        line = f"{word}{labels}  NOT as expected ({judgement.declaration})"
        line += ":" if because else ""
    return f"{line}\n{filled(because, '  ')}{cut}" if because else f"{line}{cut}"


def cut_text(result: Result) -> str:
    """What is not proved of a violation because a limit cut the search."""
    if result.sampling is not None:
        return (
            f"{result.bound}: that there is no other violation, and none with fewer preemptions, "
            f"is not proved"
        )
    return (
        f"the search was cut ({result.bound}): that there is no other violation, and none with "
        f"fewer preemptions, is not proved"
    )


def _numbers(result: Result) -> str:
    rows = [
        _entry("interleavings", interleavings_text(result)),
        _entry("states", states_text(result)),
    ]
    if result.sampling is None:
        rows.append(_entry("transitions", count_text(result.transitions)))
    return "\n".join(rows)


def interleavings_text(result: Result) -> str:
    """How many there are, or why that is not known."""
    if result.interleavings is None:
        return f"not counted: {result.uncounted or 'no reason given'}"
    return count_text(result.interleavings)


def states_text(result: Result) -> str:
    """How many states, and how many of them the verdict needed."""
    if result.sampling is not None:
        return f"{count_text(result.states)} seen"
    if result.canonical is None:
        reduced = "" if result.bound else " searched, after reduction"
        return f"{count_text(result.states)}{reduced}"
    less = []
    if result.canonical < result.states:
        less.append(f"{count_text(result.canonical)} up to symmetry")
    if result.searched < result.canonical:
        less.append(f"{count_text(result.searched)} decide the verdict")
    return count_text(result.states) + (f" ({'; '.join(less)})" if less else "")


def _label(name: str, found: Finding, result: Result) -> str:
    share = share_text(found, result)
    needs = needs_text(found)
    effects = [f"effect: {text}" for text in effect_texts(name, found, result)]
    return _entry(name, share, needs, steps_text(found), *effects)


def needs_text(found: Finding) -> str:
    """What the witness of a violation needs."""
    witness = found.witness
    if witness.execution is not None:
        return kind_text(witness.execution)
    return preemptions_text(
        witness.preemptions, witness.minimal, found.cpus, endless=witness.cycle > 0
    )


def steps_text(found: Finding) -> str:
    """How many steps a witness has, and how many of them are repeated for ever."""
    steps = counted(found.witness.steps, "step")
    cycle = found.witness.cycle
    if cycle in (0, found.witness.steps):
        return f"{steps}, for ever" if cycle else steps
    return f"{steps}, the last {cycle if cycle > 1 else 'one'} for ever"


def share_text(found: Finding, result: Result) -> str:
    """How many interleavings show a label, and of how many."""
    if found.witness.execution is not None:
        return "in some executions"
    if found.witness.cycle:
        return "a run that never ends"
    if found.interleavings is None:
        return "in some interleavings (not counted)"
    if result.interleavings is None:
        return counted(found.interleavings, "interleaving")
    return f"{count_text(found.interleavings)} of {counted(result.interleavings, 'interleaving')}"


def effect_texts(name: str, found: Finding, result: Result) -> Iterator[str]:
    """What the violation leads to; in how many interleavings, where that is not always so."""
    effects = result.effects(name)
    for effect, count in effects.items():
        if effect:
            always = len(effects) == 1 or count is None
            often = "" if always else f" in {counted(count or 0, 'interleaving')}"
            yield f"{effect}{often}"


def counted(count: int, noun: str) -> str:
    """A count with what is counted."""
    return f"{count_text(count)} {noun}{'' if count == 1 else 's'}"


def _outcomes(result: Result) -> str:
    if not result.outcomes:
        return _entry("outcomes", "none: no interleaving that was searched comes to an end")
    rows = list(outcome_rows(result))
    symmetric = len(rows) < len(result.outcomes)
    if len(rows) > OUTCOMES_SHOWN:
        up_to = f", {len(rows):,} up to which copy has which," if symmetric else ""
        return _entry(
            "outcomes", f"{len(result.outcomes):,} different ones{up_to} (all with --json)"
        )
    width = max(len(count) for count, _ in rows)
    lines = [filled(f"  {count:>{width}}  {text}", hang=width + 4) for count, text in rows]
    title = "outcomes, whichever copy has which" if symmetric else "outcomes"
    return "\n".join([title, *lines])


def outcome_rows(result: Result) -> Iterator[tuple[str, str]]:
    """In how many interleavings, and what the threads come to; copies are not told apart."""
    if result.executions is not None:
        for key, found in result.executions.by_outcome.items():
            count = "" if found is None else count_text(found)
            yield count, family_text(tuple((thread, (value,)) for thread, value in key))
        return
    for each in outcome_families(result):
        count = "" if each.interleavings is None else count_text(each.interleavings)
        yield count, family_text(each.values)


def _entry(name: str, *lines: str) -> str:
    """A name in the margin and lines beside it; a long name has a line of its own."""
    indent = " " * _MARGIN
    body = "\n".join(filled(line, indent) for line in lines)
    return f"{name}\n{body}" if len(name) > _MARGIN - 2 else name + body[len(name) :]
