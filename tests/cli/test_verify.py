"""`racer verify`: what a trailer says is computed anew, however a mail has treated it."""

from __future__ import annotations

import base64
import email.message
import json
import quopri
import re
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import Memory, Program, Thread, UsageError, explore
from racer.artefacts.trailer import (
    EXAMPLE,
    LimitsGiven,
    Pin,
    Trailer,
    pin_of,
    read_trailer,
    trailers_in,
)
from tests.hash_seeds import under_seeds

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

# R loads x twice while W stores it: of R1 R2 and W1 there are three orders, and W1 between R1 and
# R2 is the one that is torn.
TORN = "FAIL torn 1/3"


def trailer_line(out: str) -> str:
    """The last trailer that was printed, in one line."""
    return str(only(trailers_in(out)[-1:]))


def only(found: list[Trailer | UsageError]) -> Trailer:
    (trailer,) = found
    assert isinstance(trailer, Trailer)
    return trailer


@pytest.fixture
def torn(racer: Run) -> str:
    line = trailer_line(racer("explore", "models.py::reads")[1])
    assert line.startswith(f"Racer: models.py::reads variant=torn sc {TORN} id=")
    return line


# What holds


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("reads", TORN),
        ("reads --variant once", "PASS 0/2"),  # one load, one store
        # Two that store 1: 4!/2! = 12 orders of four steps in which R1 is before R2. Torn are those
        # with R1 first and R2 not next: of 3! orders of the rest 2 have R2 first, so it is 4.
        ("reads --set writers=2", "writers=2 sc FAIL torn 4/12"),
        ("reads --no-count", "--no-count sc FAIL torn -"),
        ("vacuous", 'FAIL "x is 1" -'),
        ("spins", "FAIL livelock -"),
        ("deadlocks", "FAIL deadlock 1/1"),
        ("prints", 'FAIL "x / y: must hold" 1/1'),
        ("reads --max-states 3", "--max-states=3 sc BOUND"),
    ],
)
def test_what_explore_prints_is_confirmed(racer: Run, words: str, told: str) -> None:
    line = trailer_line(racer("explore", *f"models.py::{words}".split())[1])
    assert f" {told} id=" in line
    status, out, _ = racer("verify", line)
    assert (status, out.splitlines()[0]) == (0, "CONFIRMED")
    if "--" not in line:  # which would be an option
        assert racer("verify", *line.split(" "))[:2] == (0, out)


def test_a_violation_of_a_search_that_was_cut_is_confirmed(racer: Run) -> None:
    # Breadth first, the first torn state has three steps; all states are seven, by hand: R has
    # made 0, 1 or 2 loads before or after W, and the two that end torn or not are apart.
    for most in range(3, 20):
        out = racer("explore", "models.py::reads", "--set", "writers=4", "--max-states", f"{most}")[
            1
        ]
        if "FAIL(cut)" in out:
            break
    line = trailer_line(out)
    assert f"--max-states={most} sc FAIL(cut) torn - id=closed:" in line
    assert racer("verify", line)[0] == 0
    # That the label is there says nothing of others, but it is not there in what does not have it.
    assert racer("verify", line.replace("torn -", "worn -"))[0] in (1, 3)


def test_documents_have_the_trailer(racer: Run, torn: str) -> None:
    assert json.loads(racer("explore", "models.py::reads", "--json")[1])["trailer"] == torn
    results = json.loads(racer("explore", "models.py", "--max-states", "20", "--json")[1])[
        "results"
    ]
    told = {each["scenario"]: each["trailer"] for each in results}
    assert " --max-states=20 sc BOUND id=" in told["models.py::counts"]
    assert told["models.py::interrupts"] is None  # Ctrl-C is nothing that could be said again


def test_a_mail_has_the_trailer_above_what_replays_it(racer: Run, torn: str) -> None:
    out = racer("explore", "models.py::reads", "--mail")[1]
    assert re.search(r"\n\nRacer: .*\n( .*\n)?\nracer replay \S+\n$", out)
    assert trailer_line(out) == torn


# What does not hold


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        ("FAIL torn 2/3", "'torn' is shown in 1 of 3 interleavings, not in 2 of 3."),
        ("FAIL torn 1/4", "'torn' is shown in 1 of 3 interleavings, not in 1 of 4."),
        ("PASS 0/3", "The verdict is FAIL. Here there is 'torn', in 1 of 3 interleavings."),
        (
            "FAIL worn 1/3",
            "Here there is 'torn', in 1 of 3 interleavings. Here there is no 'worn'.",
        ),
        ("FAIL torn 1/3 worn 1/3", "Here there is no 'worn'."),
    ],
)
def test_a_line_that_says_otherwise_is_refuted_with_what_differs(
    racer: Run, torn: str, instead: str, why: str
) -> None:
    status, out, _ = racer("verify", torn.replace(TORN, instead))
    assert (status, out.splitlines()[0]) == (1, "REFUTED")
    assert " ".join(out.split()).endswith(why)


def test_of_a_limit_of_states_it_is_refuted_that_it_cuts(racer: Run) -> None:
    line = trailer_line(racer("explore", "models.py::reads", "--max-states", "3")[1])
    assert " --max-states=3 sc BOUND id=start:" in line
    status, out, _ = racer("verify", line.replace("=3", "=3000"))
    assert status == 1 and "Here it comes to: FAIL torn 1/3." in " ".join(out.split())
    # Another machine may be faster, so a limit of time says nothing of this one.
    status, out, _ = racer("verify", line.replace("--max-states=3", "--timeout=50"))
    assert status == 4 and "Here it comes to: FAIL torn 1/3." in " ".join(out.split())


# What is not to be had here


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("await x.store(1)", "await x.store(2)", 4),
        ('mem.cell("x", 0)\n\n    async def read', 'mem.cell("x", 7)\n\n    async def read', 4),
        ('"R": Thread(read), "W"', '"R": Thread(read, copies=2), "W"', 4),
        # What changes nothing of what threads do.
        ("first = await x.load()", "# the first\n        before = first = await x.load()", 0),
        ('raise Violation("torn")', 'raise Violation("t" + "orn")', 0),
        ('"""R reads x while W writes it."""', '"""In other words."""', 0),
    ],
)
def test_a_model_that_has_moved_is_told_from_one_that_has_not(
    racer: Run, here: Path, torn: str, one: str, other: str, status: int
) -> None:
    text = (here / "models.py").read_text()
    assert one in text
    (here / "models.py").write_text(text.replace(one, other))
    got, out, _ = racer("verify", torn)
    assert got == status
    if status:
        assert out.startswith("NOT REPRODUCIBLE HERE\n")
        assert "The program is another one, id=" in " ".join(out.split())


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("models.py::reads", "models.py::raeds", "is none below the current directory"),
        ("models.py::reads", "other.py::reads", "there is no file 'other.py'"),
        ("models.py::reads", "models.py", "is not the name of a scenario"),
        ("variant=torn", "variant=gone", "parameter 'variant' cannot be 'gone'"),
        ("variant=torn", "kind=torn", "has no parameter 'kind'"),
        (" sc ", " power ", "this racer has sc"),
        ("models.py::reads", "models.py::refuses", "has no parameter 'variant'"),
    ],
)
def test_what_is_missing_here_is_said(
    racer: Run, torn: str, one: str, other: str, why: str
) -> None:
    status, out, _ = racer("verify", torn.replace(one, other))
    assert (status, out.splitlines()[0]) == (4, "NOT REPRODUCIBLE HERE")
    assert why in " ".join(out.split())


def test_the_version_that_made_it_is_told_where_it_is_not_confirmed(racer: Run, torn: str) -> None:
    old = re.sub("@.*", "@0.0.9", torn)
    assert racer("verify", old)[0] == 0
    out = racer("verify", old.replace("1/3", "2/3"))[1]
    assert "It was made by racer 0.0.9; this is " in " ".join(out.split())


def test_a_trailer_is_no_reason_to_run_code_from_elsewhere(
    racer: Run, here: Path, torn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = here / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    (here / "models.py").write_text((here / "models.py").read_text() + "\nprint('it ran')\n")
    named = torn.replace("models.py::reads", f"{here}/models.py::reads")
    status, out, err = racer("verify", named)
    assert status == 4 and "--trust" in out and "it ran" not in err
    status, out, err = racer("verify", named, "--trust")
    assert status == 0 and "it ran" in err


def test_what_is_cut_here_is_not_decided(racer: Run) -> None:
    line = trailer_line(racer("explore", "models.py::counts", "--max-states", "9")[1])
    passed = line.replace("--max-states=9 sc BOUND", "sc PASS 0/1").replace("start:", "")
    status, out, _ = racer("verify", passed, "--timeout", "0.3")
    assert (status, out.splitlines()[0]) == (3, "NOT DECIDED")
    assert "Here nothing is proved: timeout of 0.3 s" in out


# Mails

Wrap = Callable[[str], bytes]


def folded(line: str) -> str:
    """As a mail program wraps it: a word to a line."""
    return "\n".join(line.split(" "))


def mime(line: str, encoding: str) -> bytes:
    text = f"Tested, with this outcome =\u2009as =3D says:\n\n{line}\n".encode()
    body = quopri.encodestring(text) if encoding == "quoted-printable" else base64.encodebytes(text)
    head = (
        "From: A <a@example.org>\nSubject: [PATCH] x\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    )
    return head.encode() + body


def alternative(line: str) -> bytes:
    mail = email.message.EmailMessage()
    mail["From"] = "a@example.org"
    mail.set_content(f"Hello\n\n{line}\n")
    mail.add_alternative(f"<p>Racer is a tool</p><pre>{line}</pre>", subtype="html")
    return mail.as_bytes()


MAILS: dict[str, Wrap] = {
    "alone": str.encode,
    "and a blank line, as a header has": lambda line: f"{line}\n\n".encode(),
    "wrapped as a header is": lambda line: (
        f"{line.replace(' id=', chr(10) + ' id=')}\n\n\n".encode()
    ),
    "of a mail that is plain": lambda line: f"From: A <a@b>\nSubject: x\n\n{line}\n".encode(),
    "between others": lambda line: f"Fixes: 1 (x)\n{line}\nReviewed-by: A <a@b>\n".encode(),
    "quoted": lambda line: f"On Monday A wrote:\n> a\n> {line}\n> b\n".encode(),
    "quoted twice": lambda line: f"> > {line}\n>> {line}\n".encode(),
    "wrapped": lambda line: folded(line).encode(),
    "wrapped and quoted": lambda line: "".join(f"> {each}\n" for each in line.split()).encode(),
    "wrapped after it was quoted": lambda line: f"> {folded(line)}\n\nmore".encode(),
    "with carriage returns": lambda line: f"a\r\n{line}\r\nb\r\n".encode(),
    "in another charset": lambda line: f"\xe4\xf6\n{line}\n".encode("latin-1"),
    "quoted-printable": lambda line: mime(line, "quoted-printable"),
    "base64": lambda line: mime(line, "base64"),
    "of two parts": alternative,
    "in a box of mails": lambda line: (
        b"From a@b Mon Nov 23 10:00:00 2026\n"
        + mime("", "base64")
        + b"\nFrom a@b Mon Nov 23 10:00:01 2026\n"
        + mime(line, "base64")
    ),
}


@pytest.mark.parametrize("case", MAILS)
def test_a_mail_is_read_whatever_was_done_to_the_line(
    racer: Run, here: Path, torn: str, case: str
) -> None:
    (here / "mail").write_bytes(MAILS[case](torn))
    status, out, _ = racer("verify", "mail")
    assert (status, out.count("CONFIRMED")) == (0, 1)
    assert trailer_line(out) == torn


def test_a_mail_comes_from_stdin_too(
    racer: Run, torn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(MAILS["quoted"](torn))))
    assert racer("verify", "-")[0] == 0


def test_all_of_a_mail_are_verified_and_the_worst_counts(racer: Run, here: Path, torn: str) -> None:
    cut = trailer_line(racer("explore", "models.py::reads", "--max-states", "3")[1])
    others = {
        "confirmed": trailer_line(racer("explore", "aba")[1]),
        "not decided": cut.replace("BOUND", "PASS 0/1"),
        "not reproducible here": torn.replace("reads", "gone"),
        "refuted": torn.replace("1/3", "2/3"),
        "unread": torn.replace("id=", "id=x"),
    }
    text, statuses = f"{torn}\n", []
    for line in others.values():
        text += f"and\n{line}\n{line}\n"
        (here / "mail").write_text(text)
        statuses.append(racer("verify", "mail")[0])
    assert statuses == [0, 3, 4, 1, 2]
    _, out, err = racer("verify", "mail")
    assert out.endswith(
        "6 trailers: 2 confirmed, 1 refuted, 1 not reproducible here, 1 not\n"
        "decided, 1 that cannot be read\n"
    )
    assert "A trailer looks like: Racer: " in err


# What is no trailer


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Racer:", "does not begin with"),
        ("Racer: split_race", "does not end with id="),
        (
            "Racer: split_race sc FAIL misclassified 3/24621 id=158e54102dd3",
            "does not end with id=",
        ),
        ("Racer: split_race sc FAIL misclassified 3/24621 id=158E54102DD3@0.1.0", "does not end"),
        ("Racer: split_race sc fail misclassified 3/24621 id=158e54102dd3@0.1.0", "no verdict"),
        ("Racer: split_race FAIL misclassified 3/24621 id=158e54102dd3@0.1.0", "a memory model"),
        ("Racer: split_race sc FAIL id=158e54102dd3@0.1.0", "after FAIL stands each label"),
        ("Racer: split_race sc FAIL misclassified id=158e54102dd3@0.1.0", "after FAIL stands"),
        ("Racer: split_race sc FAIL a 1/3 a 1/3 id=158e54102dd3@0.1.0", "after FAIL stands"),
        ("Racer: split_race sc FAIL a x/3 id=158e54102dd3@0.1.0", "after FAIL stands"),
        ("Racer: split_race sc PASS id=158e54102dd3@0.1.0", "after PASS stands 0/TOTAL"),
        ("Racer: split_race sc BOUND 3 id=158e54102dd3@0.1.0", "after BOUND stands nothing"),
        ("Racer: split_race v9 sc PASS 0/1 id=158e54102dd3@0.1.0", "'v9' is no parameter"),
        ("Racer: split_race a=1 a=2 sc PASS 0/1 id=158e54102dd3@0.1.0", "stands there twice"),
        ("Racer: split_race --jobs=2 sc PASS 0/1 id=158e54102dd3@0.1.0", "'--jobs=2' is no limit"),
        ("Racer: split_race --timeout=a sc PASS 0/1 id=158e54102dd3@0.1.0", "is no limit"),
        ('Racer: split_race sc FAIL "a 1/3 id=158e54102dd3@0.1.0', "quotes does not end"),
    ],
)
def test_a_wrong_line_is_a_usage_error_that_says_what_one_looks_like(
    racer: Run, line: str, why: str
) -> None:
    status, out, err = racer("verify", line)
    assert (status, out) == (2, "")
    assert why in err and f"A trailer looks like: {EXAMPLE}\n" in err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Dear all,\nracer: is nice\n", "there is no trailer in 'file'"),
        ("", "there is no trailer in 'file'"),
        ('{"schema": "racer-witness/1"}', "is JSON"),
        (None, "cannot read file: No such file"),
    ],
)
def test_a_file_without_any_is_a_usage_error(
    racer: Run, here: Path, content: str | None, why: str
) -> None:
    if content is not None:
        (here / "file").write_text(content)
    status, out, err = racer("verify", "file")
    assert (status, out) == (2, "") and why in err


def test_the_line_that_errors_show_is_one() -> None:
    trailer = read_trailer(EXAMPLE)
    assert str(trailer) == EXAMPLE
    assert (trailer.reference, trailer.settings) == ("split_race", {"variant": "v10"})
    assert (trailer.verdict, trailer.labels) == ("fail", {"misclassified": "3/24621"})


# The line itself

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
counts = st.one_of(
    st.just("-"), st.builds("{}/{}".format, st.integers(0, 10**30), st.integers(0, 10**40))
)
labels = st.dictionaries(texts.filter(bool), counts, min_size=1, max_size=3)
outcomes = st.one_of(
    st.tuples(st.just("fail"), st.booleans(), labels),
    st.tuples(st.just("pass"), st.just(False), st.builds(lambda each: {"": each}, counts)),
    st.tuples(st.just("bound"), st.just(False), st.just({})),
)
limits = st.builds(
    LimitsGiven,
    st.none() | st.integers(1, 10**9),
    st.none() | st.integers(1, 1000).map(float),
    st.none() | st.booleans(),
)
trailers = st.builds(
    lambda reference, settings, given, memory, outcome, pin: Trailer(
        reference, settings, given, memory, *outcome, pin, "1.2.dev3+local"
    ),
    texts.filter(bool),
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), texts, max_size=3),
    limits,
    st.sampled_from(["sc", "tso"]),
    outcomes,
    st.builds(Pin, st.sampled_from(["states", "closed", "start"]), st.just("0123456789ab")),
)


@given(trailers, st.sampled_from(["", "> ", "> > ", "  "]))
def test_a_trailer_is_read_as_it_was_written(trailer: Trailer, quoted: str) -> None:
    assert read_trailer(str(trailer)) == trailer
    assert str(trailer).isascii() and "\n" not in str(trailer)
    mail = "".join(f"{quoted}{line}\n" for line in trailer.lines().splitlines())
    assert only(trailers_in(f"{mail}\nRacer is a tool.\n")) == trailer


@given(st.text(max_size=80))
def test_whatever_follows_is_read_or_refused(text: str) -> None:
    for each in trailers_in(f"Racer: {text}"):
        assert isinstance(each, Trailer | UsageError)


# What pins a program


def test_a_pin_is_the_same_for_every_hash_seed() -> None:
    found = under_seeds(
        "from racer import explore\n"
        "from racer.artefacts.trailer import pin_of\n"
        "from scenarios.aba import aba\n"
        "from scenarios.free_alloc_free import free_alloc_free\n"
        "for program in (aba(), free_alloc_free()):\n"
        "    result = explore(program)\n"
        "    print(*(pin_of(result, basis) for basis in ('states', 'closed', 'start')))\n"
    )
    assert len({*found}) == 1 and len({*found[0].split()}) == 6


def a_program(
    *, first: int = 0, stored: int = 1, name: str = "x", invariant: str = "i", atomic: bool = False
) -> Program:
    mem = Memory()
    x = mem.cell(name, first)
    lock = mem.lock("lock", atomic=atomic)

    async def write() -> None:
        async with lock:
            await x.store(stored)

    async def read() -> int:
        return await x.load()

    threads = {"R": Thread(read), "W": Thread(write)}
    return Program(mem, threads, invariants={invariant: lambda state: True})


def test_whatever_differs_in_what_threads_do_has_another_pin() -> None:
    programs = [
        a_program(),
        a_program(first=2),
        a_program(stored=2),
        a_program(name="y"),
        a_program(invariant="j"),
        a_program(atomic=True),
    ]
    found = [str(pin_of(explore(each))) for each in programs]
    assert len({*found}) == len(found)
    assert str(pin_of(explore(a_program()))) == found[0]
