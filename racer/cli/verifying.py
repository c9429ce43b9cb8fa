"""`racer verify`: what somebody else's result says, computed anew.

What is to be verified is told by its content: a trailer, a mail with any number of them, or a
certificate.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Literal

from racer.artefacts.trailer import (
    EXAMPLE,
    KEY,
    UNCOUNTED,
    Trailer,
    pin_of,
    trailer_of,
    trailers_in,
)
from racer.catalogue.discovery import Found, find, is_below_here
from racer.certificates.comparing import differing
from racer.certificates.making import certified
from racer.certificates.verifying import Rejected, verify
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.progress import shown_states
from racer.cli.statuses import BOUND, DIVERGED, NOT_AS_DECLARED, OK, USAGE
from racer.errors import ProgramError, UsageError
from racer.exploration.exploring import explored, never_made
from racer.exploration.result import Result
from racer.exploration.wanted import Wanted
from racer.exploration.witness_file import racer_version
from racer.files import readable, shown_path
from racer.lang.patience import patience, until
from racer.lang.run import OutOfTime
from racer.machine.models import MODELS
from racer.search.limits import deadline_after
from racer.viz.wrapping import filled

Verified = Literal["confirmed", "refuted", "not reproducible here", "not decided"]
STATUS: Final[dict[Verified, int]] = {
    "confirmed": OK,
    "refuted": NOT_AS_DECLARED,
    "not reproducible here": DIVERGED,
    "not decided": BOUND,
}
_WORST_FIRST: Final = (USAGE, NOT_AS_DECLARED, DIVERGED, BOUND, OK)
_LARGEST: Final = 1 << 30  # bytes of a box of mails, or of a certificate
# A trailer and a blank line look like the header of a mail, too; but every mail has a From.
_FROM: Final = re.compile(rb"^From:", re.MULTILINE | re.IGNORECASE)
_HEADER: Final = re.compile(rb"\A(?:From .*\r?\n)?(?:[!-9;-~]+:.*\r?\n(?:[ \t].*\r?\n)*)+\r?\n")
_NEXT_MAIL: Final = re.compile(rb"^From .*\d\d:\d\d.*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a trailer; `why` says what differs, or what is missing, in sentences."""

    verified: Verified
    why: str = ""


def verify_command(words: Sequence[str], *, trust: bool, timeout: float | None) -> int:
    """Verify every trailer that is given, or that is in the files that are, and every certificate;
    the worst status."""
    asked: list[Trailer | Certified | UsageError] = []
    for text in _texts(words):
        found = [text] if isinstance(text, Certified) else trailers_in(text)
        asked += [each for each in found if each not in asked]
    if not asked:
        raise UsageError(
            f"there is no trailer in {', '.join(map(repr, words))}: no line begins with {KEY!r}, "
            f"and no certificate.\n"
            f"A trailer looks like: {EXAMPLE}\n"
            f"Try: copy it as `racer explore` prints it, in quotes; or name a file with the mail."
        )
    statuses = []
    answers: list[Verified] = []
    for each in asked:
        if isinstance(each, UsageError):
            complain(f"error: {each}")
            statuses.append(USAGE)
            continue
        if isinstance(each, Certified):
            answer = _certified(each, trust=trust, timeout=timeout)
        else:
            answer = _verified(each, trust=trust, timeout=timeout)
        answers.append(answer.verified)
        statuses.append(STATUS[answer.verified])
        why = f"\n{filled(answer.why, '  ')}" if answer.why else ""
        emit(f"{answer.verified.upper()}\n{filled(str(each), '  ', hang=3)}{why}\n")
    if len(asked) > 1:
        counts = {word: answers.count(word) for word in STATUS}
        told = [f"{count} {word}" for word, count in counts.items() if count]
        wrong = statuses.count(USAGE)
        told += [f"{wrong} that cannot be read"] if wrong else []
        trailers = all(not isinstance(each, Certified) for each in asked)
        emit(filled(f"{len(asked)} {'trailers' if trailers else 'in all'}: {', '.join(told)}"))
    return next(each for each in _WORST_FIRST if each in statuses)


@dataclass(frozen=True, slots=True)
class Certified:
    """A file with a certificate, and its text."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name


def _texts(words: Sequence[str]) -> Iterator[str | Certified]:
    """A trailer as it is; of a file, what is to be read in it; `-` is stdin.

    Errors   UsageError for a file that cannot be read, or that holds something else.
    """
    if words[0].startswith(KEY):
        yield " ".join(words)  # in quotes or not
        return
    for word in words:
        if word.lstrip("> \t").startswith(KEY) or "\n" in word:
            yield word
        else:
            yield from _read(_content(word), word)


def _content(word: str) -> bytes:
    if word == "-":
        return sys.stdin.buffer.read(_LARGEST)
    try:
        return readable(Path(word), _LARGEST)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"cannot read {shown_path(word)}: {why}.\n"
            f"Try: a file with a mail, - for stdin, or a trailer in quotes: {EXAMPLE}"
        ) from error


def _read(content: bytes, name: str) -> Iterator[str | Certified]:
    """By its content. Errors: UsageError for what holds no text that could have a trailer."""
    if content.startswith(b'{"certificate"'):
        yield Certified(shown_path(name), content.decode("latin-1"))
        return
    if content.lstrip().startswith(b"{"):
        raise UsageError(
            f"{shown_path(name)} is JSON, and no mail with a trailer.\n"
            f"Try: `racer replay` for a witness; the trailer itself is `trailer` in the document "
            f"that `racer explore --json` prints."
        )
    header = _HEADER.match(content)
    if header is None or not _FROM.search(header[0]):
        yield content.decode(errors="replace")
        return
    for part in _NEXT_MAIL.split(content):
        if part.strip():
            yield _body(part)


def _body(content: bytes) -> str:
    """The text of a mail: its parts that are, as they were before they were sent."""
    mail = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    texts = []
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)  # as of all that have no parts
            charset = part.get_content_charset() or "utf-8"
            try:
                texts.append(payload.decode(charset, "replace"))
            except LookupError:  # no such charset
                texts.append(payload.decode("latin-1"))
    return "\n".join(texts)


def _verified(trailer: Trailer, *, trust: bool, timeout: float | None) -> Answer:
    """Explore what a trailer says again, and compare."""
    if trailer.memory not in MODELS:
        known = ", ".join(MODELS)
        return _not_here(
            trailer, f"It is about the memory model {trailer.memory!r}, and this racer has {known}."
        )
    limits = trailer.limits
    seconds = [each for each in (timeout, limits.timeout) if each is not None]
    wanted = Wanted(
        memory=trailer.memory,
        count=limits.count,
        max_states=limits.max_states,
        timeout=min(seconds, default=None),
    )
    deadline = deadline_after(wanted.timeout)
    try:
        with models_print_to_stderr(), until(deadline):
            found = _found(trailer.reference, trust=trust)
            parameters = found.scenario.parse(trailer.settings)
            program = found.scenario.build(**parameters)
    except OutOfTime as stop:
        return Answer("not decided", f"{never_made(wanted, stop).bound}.")
    except (UsageError, ProgramError) as error:
        return _not_here(trailer, str(error))
    with models_print_to_stderr(), shown_states(trailer.reference) as progress:
        result = explored(program, replace(wanted, progress=progress, deadline=deadline))
    here = trailer_of(found.scenario, found.saved_reference, parameters, result, limits)
    if here is None:
        return Answer("not decided", f"Here nothing was searched: {result.bound}.")
    return _compared(trailer, here, result)


def _certified(file: Certified, *, trust: bool, timeout: float | None) -> Answer:
    """Check a certificate as one can without racer, and then whether its program is the scenario's
    that it names, lifted once more."""
    try:
        checked = verify(file.text)
    except Rejected as error:
        return Answer("refuted", f"It is no right certificate: {error}.")
    document = json.loads(file.text)
    claim = document["claim"]
    right = (
        f"{checked.states:,} states and {checked.steps:,} steps are as a certificate has to have "
        f"them"
    )
    if not claim["scenario"]:
        return Answer("not decided", f"{right}, of a program that names no scenario.")
    try:
        settings = {str(name): str(value) for name, value in dict(claim["parameters"]).items()}
    except (TypeError, ValueError) as error:
        return Answer("refuted", f"{right}, and its parameters cannot be read: {error}.")
    wanted = Wanted(memory=claim["memory"], count=True, timeout=timeout)
    deadline = deadline_after(timeout)
    try:
        with models_print_to_stderr(), until(deadline):
            found = _found(claim["scenario"], trust=trust)
            program = found.scenario.build(**found.scenario.parse(settings))
        with models_print_to_stderr(), shown_states(claim["scenario"]) as progress:
            result = explored(program, replace(wanted, progress=progress, deadline=deadline))
        if result.verdict == "bound":
            return Answer("not decided", f"{right}. Here nothing is proved: {result.bound}.")
        if result.verdict == "fail":
            labels = ", ".join((*result.violations, *result.vacuous))
            return Answer("refuted", f"{right}, but {claim['scenario']} fails here: {labels}.")
        with models_print_to_stderr():
            here = certified(result)
    except OutOfTime as stop:
        return Answer("not decided", f"{right}. {never_made(wanted, stop).bound}.")
    except (UsageError, ProgramError) as error:
        return Answer("not reproducible here", f"{right}. {str(error).rstrip('.')}.")
    differs = differing(document["program"], here["program"])
    if differs is None and claim["digest"] != here["claim"]["digest"]:
        differs = f"its digest is {here['claim']['digest']}, and not {claim['digest']}"
    settings_text = " ".join(f"{name}={value}" for name, value in settings.items())
    named = f"{claim['scenario']} {settings_text}".rstrip()
    if differs is None:
        return Answer("confirmed", f"{right}, and they are those of {named}.")
    usual = "Usual cause: the model has changed since, or another version of racer made it."
    return Answer(
        "not reproducible here", f"{right}. {named} is another program here: {differs}. {usual}"
    )


def _found(reference: str, *, trust: bool) -> Found:
    """The scenario that a trailer or a certificate names.

    A scenario is code, and a trailer may come from anybody: so it is run if it is known by its
    name, or lies below the current directory, or the user consents.

    Errors   UsageError where there is none, or it may not be run.
    """
    file, separator, _ = reference.rpartition("::")
    if not separator and ("/" in reference or reference.endswith(".py")):
        raise UsageError(f"{reference!r} is not the name of a scenario.")
    if separator and not Path(file).is_file():
        raise UsageError(f"there is no file {file!r} below the current directory.")
    if separator and not trust and not is_below_here(reference):
        raise UsageError(
            f"a scenario is code, and {reference!r} is none below the current directory. Try: "
            f"--trust, if you trust that file."
        )
    return find(reference)


def _compared(trailer: Trailer, here: Trailer, result: Result) -> Answer:
    """The answer of a trailer, where exploring its scenario came to `here`."""
    comes_to = f"Here it comes to: {here.told}."
    if trailer.verdict == "bound":
        return _bound_compared(trailer, here, result, comes_to)
    if result.verdict == "bound":
        return Answer("not decided", f"Here nothing is proved: {result.bound}.")
    if trailer.pin.basis == "states" and result.canonical is None:
        why = result.bound or result.uncounted
        return Answer("not decided", f"Here not all states were searched ({why}). {comes_to}")
    with models_print_to_stderr(), patience():
        pin = pin_of(result, trailer.pin.basis)
    if pin != trailer.pin:
        return _moved(trailer, f"id={pin}", comes_to)
    return _results_compared(trailer, here, result)


def _bound_compared(trailer: Trailer, here: Trailer, result: Result, comes_to: str) -> Answer:
    """Of a search that a limit cut: that it is cut here, too."""
    pin = pin_of(result, trailer.pin.basis)
    if pin != trailer.pin:
        return _moved(trailer, f"id={pin}", comes_to)
    if here.verdict == "bound":
        return Answer("confirmed", f"Here, too, nothing is proved: {result.bound}.")
    if trailer.limits.max_states is not None and trailer.limits.timeout is None:
        return _refuted(trailer, f"The limit of states does not cut it. {comes_to}")
    return _not_here(trailer, f"A limit of time or memory cut it, and does not here. {comes_to}")


def _results_compared(trailer: Trailer, here: Trailer, result: Result) -> Answer:
    """Of one program: whatever differs is wrong on the line, and what was not seen may be there."""
    refuted, unknown = [], []
    if here.verdict != trailer.verdict:
        refuted.append(f"The verdict is {here.verdict_word}.")
    for label, count in here.labels.items():
        said = trailer.labels.get(label)
        what = f"{label!r} is shown" if label else "It passes"
        if said is None:
            if not trailer.cut and label:
                refuted.append(f"Here there is {label!r}, {_shown(count)}.")
        elif count == UNCOUNTED != said and not trailer.cut:
            unknown.append(f"{what} here, too, and is not counted: {result.uncounted}.")
        elif UNCOUNTED not in (count, said) and count != said:
            refuted.append(f"{what} {_shown(count)}, not in {_ratio(said)}.")
    for label in trailer.labels:
        if label and label not in here.labels:
            (unknown if result.bound else refuted).append(f"Here there is no {label!r}.")
    if refuted:
        return _refuted(trailer, " ".join(refuted))
    if unknown:
        cut = f" The search was cut: {result.bound}." if result.bound else ""
        return Answer("not decided", " ".join(unknown) + cut)
    return Answer("confirmed")


def _shown(count: str) -> str:
    return "uncounted" if count == UNCOUNTED else f"in {_ratio(count)} interleavings"


def _ratio(count: str) -> str:
    return count.replace("/", " of ")


def _refuted(trailer: Trailer, why: str) -> Answer:
    return Answer("refuted", f"{why}{_by_another(trailer)}")


def _not_here(trailer: Trailer, why: str) -> Answer:
    return Answer("not reproducible here", f"{why.rstrip('.')}.{_by_another(trailer)}")


def _moved(trailer: Trailer, pin: str, comes_to: str) -> Answer:
    usual = "Usual cause: the model has changed since."
    return _not_here(trailer, f"The program is another one, {pin}. {comes_to} {usual}")


def _by_another(trailer: Trailer) -> str:
    """Which version made it, if that was not this one."""
    if trailer.version == racer_version():
        return ""
    return f" It was made by racer {trailer.version}; this is {racer_version()}."
