"""The trailer of an exploration: a line for a mail, from which anybody can compute it anew.

    Racer: split_race variant=v10 sc FAIL misclassified 3/24621 id=158e54102dd3@0.1.0

What was explored, the limits if any were given, the memory model, the verdict; for each label how
many interleavings show it, of how many, or `-` where that is not counted; what pins the program,
and the version of racer. A word that is not plain stands in quotes, as in JSON.

Bound    where a limit cut the search before anything was found, the program is pinned by the
         first step of each thread only; where it did not come to all states, by closed automata,
         and if they do not close by those first steps, too. What a predicate comes to is not
         pinned, but for what windows see.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from racer.artefacts.naming import changed_parameters
from racer.automata.fingerprints import fingerprint, fingerprint_of_start
from racer.catalogue.parameters import Value, show_value
from racer.catalogue.scenario import Scenario
from racer.errors import UsageError
from racer.exploration.result import Result, Verdict
from racer.exploration.witness_file import racer_version
from racer.viz.wrapping import filled
from racer.words.counts import count_text

KEY: Final = "Racer:"
EXAMPLE: Final = f"{KEY} split_race variant=v10 sc FAIL misclassified 3/24621 id=158e54102dd3@0.1.0"
Basis = Literal["states", "closed", "start"]
UNCOUNTED: Final = "-"
_DIGITS: Final = 12  # of an id
_LINES: Final = 20  # that a wrapped trailer has at most
_VERDICTS: Final = {"PASS": "pass", "FAIL": "fail", "FAIL(cut)": "fail", "BOUND": "bound"}
_WORD: Final = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_ID: Final = re.compile(r"id=(?:(closed|start):)?([0-9a-f]{12})@([^\s@]+)")
_QUOTED: Final = re.compile(r"^(?:[>|]\s?)*\s*")  # how a mail marks what it quotes


@dataclass(frozen=True, slots=True)
class LimitsGiven:
    """Those that an exploration was given, as its command line has them."""

    max_states: int | None = None
    timeout: float | None = None
    count: bool | None = None

    def words(self) -> Iterator[str]:
        if self.max_states is not None:
            yield f"--max-states={self.max_states}"
        if self.timeout is not None:
            yield f"--timeout={self.timeout:g}"
        if self.count is not None:
            yield "--count" if self.count else "--no-count"


@dataclass(frozen=True, slots=True)
class Pin:
    """What pins a program under a memory model.

    `basis` is what of it was looked at: what threads do in all "states" that can be reached; in
    answer to all values that their cells might hold ("closed" automata); or at the "start".
    """

    basis: Basis
    digest: str

    def __str__(self) -> str:
        return self.digest if self.basis == "states" else f"{self.basis}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Trailer:
    """What a trailer says.

    reference  the scenario, as `racer explore` takes it
    settings   parameters, as text: those that are not at their defaults, and `variant`
    limits     those that were given; a timeout only where it cut the search
    memory     the memory model
    verdict    "pass", "fail" or "bound"
    cut        of a "fail": whether a limit cut the search
    labels     of a "fail": "COUNT/TOTAL" by label, or "-" where that is not counted; of a pass it
               has 0 of how many under the empty label
    pin        the program
    version    of racer
    """

    reference: str
    settings: Mapping[str, str]
    limits: LimitsGiven
    memory: str
    verdict: Verdict
    cut: bool
    labels: Mapping[str, str]
    pin: Pin
    version: str

    def __str__(self) -> str:
        words = [KEY, _plain(self.reference)]
        words += [f"{name}={_plain(value)}" for name, value in self.settings.items()]
        words += [*self.limits.words(), self.memory, self.told, f"id={self.pin}@{self.version}"]
        return " ".join(words)

    @property
    def told(self) -> str:
        """What it came to, as the line has it: the verdict, and each label with how often."""
        words = [self.verdict_word]
        for label, count in self.labels.items():
            words += [_plain(label), count] if label else [count]
        return " ".join(words)

    @property
    def verdict_word(self) -> str:
        """The verdict alone."""
        return f"{self.verdict.upper()}{'(cut)' if self.cut else ''}"

    def lines(self) -> str:
        """The trailer for a mail, of which further lines are indented if it takes any."""
        return filled(str(self), hang=1)


def trailer_of(
    scenario: Scenario,
    reference: str,
    parameters: Mapping[str, Value],
    result: Result,
    limits: LimitsGiven,
) -> Trailer | None:
    """The trailer of a result; None where there was no program yet."""
    if result.loaded is None:
        return None
    changed = changed_parameters(scenario, parameters)
    cut = result.bound is not None
    return Trailer(
        reference=reference,
        settings={
            name: show_value(value)
            for name, value in parameters.items()
            if name in changed or name == "variant"
        },
        limits=limits if cut else LimitsGiven(limits.max_states, None, limits.count),
        memory=result.memory,
        verdict=result.verdict,
        cut=cut and result.verdict == "fail",
        labels=_labels(result),
        pin=pin_of(result),
        version=racer_version(),
    )


def pin_of(result: Result, basis: Basis | None = None) -> Pin:
    """What pins the program of a result: on this basis, or else on the best that was looked at.

    Errors   as Loaded.closed(), where that was not asked for before.
    """
    loaded = result.loaded
    assert loaded is not None
    if basis is None:
        cut = "closed" if result.verdict == "fail" else "start"  # a witness takes closed ones
        whole: Basis = "closed" if result.canonical is None else "states"
        basis = whole if result.bound is None else cast("Basis", cut)
    if basis == "states":
        found = fingerprint(loaded.lifted)
    elif basis == "closed":
        found = loaded.digest
    else:
        found = fingerprint_of_start(loaded.growing)
    text = f"{basis} {result.memory} {found}"
    return Pin(basis, hashlib.sha256(text.encode()).hexdigest()[:_DIGITS])


def _labels(result: Result) -> dict[str, str]:
    if result.verdict == "bound":
        return {}
    total = result.interleavings
    if result.verdict == "pass":
        return {"": _ratio(0, total)}
    shown = {label: _ratio(each.interleavings, total) for label, each in result.violations.items()}
    return {**shown, **dict.fromkeys(result.vacuous, UNCOUNTED)}


def _ratio(count: int | None, total: int | None) -> str:
    if count is None or total is None:
        return UNCOUNTED
    return "/".join(count_text(each).replace(",", "") for each in (count, total))


def _plain(text: str) -> str:
    """A word as it is, or in quotes: with blanks but not two in a row, which a mail may lose."""
    if text and text.isascii() and text.isprintable() and not re.search(r'[\s"\\]', text):
        return text
    return re.sub("(?<= ) ", r"\\u0020", json.dumps(text))


def trailers_in(text: str) -> list[Trailer | UsageError]:
    """Every trailer of a text, in order and each once, or what is wrong with it.

    A line that begins with "Racer:" begins one, whatever a mail puts before lines that it quotes;
    what follows is of it up to the id, so it may be wrapped.
    """
    found: dict[str, Trailer | UsageError] = {}
    lines = [_QUOTED.sub("", line).rstrip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if line.startswith(KEY):
            whole = _unwrapped(lines[number : number + _LINES])
            if whole not in found:
                found[whole] = _read_or_refused(whole)
    return list(found.values())


def _unwrapped(lines: Sequence[str]) -> str:
    """The trailer that these begin with, as one line."""
    parts: list[str] = []
    for line in lines:
        if parts and (not line or line.startswith(KEY)):
            break
        parts.append(line)
        if re.search(r"(?:^|\s)id=\S+$", line):
            break
    return " ".join(" ".join(parts).split())


def _read_or_refused(line: str) -> Trailer | UsageError:
    try:
        return read_trailer(line)
    except UsageError as error:
        return error


def read_trailer(line: str) -> Trailer:
    """What a trailer says. Errors: UsageError that tells what is wrong, and what one looks like."""
    words = _WORD.findall(line)
    if " ".join(words) != line:
        raise _refused(line, "a text in quotes does not end")
    if words[:1] != [KEY] or len(words) < 2:
        raise _refused(line, f"it does not begin with {KEY!r} and a scenario")
    pinned = _ID.fullmatch(words[-1])
    if pinned is None:
        raise _refused(
            line, "it does not end with id=, twelve digits of 0-9 and a-f, @ and a version"
        )
    place = next((i for i, word in enumerate(words[2:], 2) if word in _VERDICTS), None)
    if place is None or place < 3:
        raise _refused(line, f"it has no verdict after a memory model: {', '.join(_VERDICTS)}")
    *given, memory = words[2:place]
    settings, limits = _given(line, given)
    verdict = cast("Verdict", _VERDICTS[words[place]])
    labels = _counted(line, verdict, words[place + 1 : -1])
    basis = cast("Basis", pinned[1] or "states")
    assert basis in get_args(Basis)
    return Trailer(
        reference=_read(line, words[1]),
        settings=settings,
        limits=limits,
        memory=memory,
        verdict=verdict,
        cut=words[place].endswith("(cut)"),
        labels=labels,
        pin=Pin(basis, pinned[2]),
        version=pinned[3],
    )


def _given(line: str, words: Sequence[str]) -> tuple[dict[str, str], LimitsGiven]:
    settings: dict[str, str] = {}
    max_states: int | None = None
    timeout: float | None = None
    count: bool | None = None
    for word in words:
        name, equals, value = word.partition("=")
        if name.startswith("--"):
            try:
                match name:
                    case "--max-states":
                        max_states = int(value)
                    case "--timeout":
                        timeout = float(value)
                    case "--count" | "--no-count" if not equals:
                        count = name == "--count"
                    case _:
                        raise ValueError
            except ValueError:
                raise _refused(line, f"{word!r} is no limit of an exploration") from None
        elif not equals or not name.isidentifier() or name in settings:
            raise _refused(line, f"{word!r} is no parameter, name=value, or stands there twice")
        else:
            settings[name] = _read(line, value)
    return settings, LimitsGiven(max_states, timeout, count)


def _counted(line: str, verdict: Verdict, words: Sequence[str]) -> dict[str, str]:
    if verdict == "pass":
        words = ['""', *words]
    labels = [_read(line, word) for word in words[::2]]
    counts = words[1::2]
    wanted = {"pass": len(words) == 2, "fail": len(words) >= 2, "bound": not words}[verdict]
    well = all(each == UNCOUNTED or re.fullmatch(r"[\d.e]+/[\d.e]+", each) for each in counts)
    if not wanted or not well or len(labels) != len(counts) or len({*labels}) != len(labels):
        said = {
            "pass": "after PASS stands 0/TOTAL, or - where nothing is counted",
            "fail": "after FAIL stands each label with COUNT/TOTAL, or - where it is not counted",
            "bound": "after BOUND stands nothing",
        }
        raise _refused(line, said[verdict])
    return dict(zip(labels, counts, strict=True))


def _read(line: str, word: str) -> str:
    if '"' not in word:
        return word
    try:
        text = json.loads(word)
    except ValueError:
        text = None
    if not isinstance(text, str):
        raise _refused(line, f"{word} is no text in quotes")
    return text


def _refused(line: str, why: str) -> UsageError:
    return UsageError(
        f"this is no trailer of racer's: {line}\n"
        f"Reason: {why}.\n"
        f"A trailer looks like: {EXAMPLE}\n"
        f"Usual cause: it was cut, or written by hand.\n"
        f"Try: copy it as `racer explore` prints it."
    )
