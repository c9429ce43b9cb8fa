"""`--brief` and `--full`: how much of an explanation is printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import (
    Expected,
    Memory,
    Program,
    ProgramError,
    Thread,
    Violation,
    explain,
    explore,
)
from racer.viz.brief import LINES, Origin, brief_of

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

MODELS = """
from typing import Annotated, Literal

from racer import (
    About, Expected, Meanings, Memory, Program, Thread, UsageError, Violation, WhatIf, scenario
)

Reads = Annotated[
    Literal["two", "one"], WhatIf("one"), Meanings({"two": "as it is", "one": "one load"})
]


def expected(reads: Reads) -> Expected:
    if reads == "one":
        return Expected("pass", because="one load is one value")
    return Expected("fail", ("torn",), "R looks twice", fixed_by={"reads": "one"})


def program(reads: str) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        first = await x.load()
        if reads == "two" and await x.load() != first:
            raise Violation("torn")

    async def write() -> None:
        await x.store(1)

    about = About(labels={"torn": "R finds two values of x"}, models="a book")
    return Program(mem, {"R": Thread(read), "W": Thread(write)}, about=about)


@scenario(expect=expected)
def looks(*, variant: Literal["a", "b"] = "a", reads: Reads = "two", name: str = "") -> Program:
    return program(reads)


@scenario(expect=Expected("fail", ("torn",), fixed_by={"read": "one"}))
def misspelt(*, reads: Reads = "two") -> Program:
    return program(reads)


def expected_of_remedies(variant: str, twice: bool) -> Expected | None:
    remedy = {"untouched": "plain", "other": "late", "nothing": "open", "refused": "never"}
    if variant == "late":
        return Expected("fail", ("other", "third"))
    if variant in ("open", "never"):
        return None if variant == "open" else Expected("pass")
    if variant == "plain" and not twice:
        return Expected("pass")
    return Expected("fail", ("torn",), fixed_by={"variant": remedy.get(variant, "plain")})


Remedy = Literal[
    "helps", "plain", "untouched", "other", "nothing", "refused", "late", "open", "never"
]


@scenario(expect=expected_of_remedies)
def remedies(*, variant: Remedy = "helps", twice: bool = False) -> Program:
    if variant == "never":
        raise UsageError("nobody can have that")
    return program("two")


@scenario(expect=Expected("fail", ("seen",)))
def effects() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        raise Violation("seen", effect=f"it is {await x.load()}")

    async def write() -> None:
        await x.store(1)
        await x.store(2)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


def expected_of_labels(reasons: str) -> Expected:
    because = {"one": "R comes first", "two": "W does"} if reasons == "each" else "one thing"
    if reasons == "same":
        because = {"one": "R looks once", "two": "R looks once"}
    return Expected("fail", ("one", "two"), because)


@scenario(expect=expected_of_labels)
def labels(*, reasons: Literal["each", "same", "none"] = "each") -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        raise Violation("two" if await x.load() else "one")

    async def write() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


@scenario(expect=Expected("pass"))
def undeclared(*, reads: Reads = "two") -> Program:
    return program(reads)
"""


def lines_of_the_trailer(out: str) -> str:
    """A witness is of no search, so it has none."""
    (found,) = re.findall(r"^Racer: .*\n(?: .*\n)*", out, re.MULTILINE)
    return str(found)


def without_trailer(out: str) -> str:
    return out.replace(lines_of_the_trailer(out), "")


def test_a_brief_is_all_that_is_printed_and_names_no_file(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    status, out, err = racer("explore", "more.py::looks", "--set", "name=a b", "--brief")
    assert (status, err) == (0, "")
    # R1 W1 R2 is one of the three orders of W1 with R1 R2.
    assert out == (
        "R finds two values of x (R2). Why: R looks twice. torn: 1 of 3\n"
        "interleavings; needs 1 preemption. Passes with --set reads=one (one\n"
        "load).\n"
        "\n"
        "3 of 3 steps, by R, W:\n"
        "  R1 load x -> 0\n"
        "  .       W1 x: 0 -> 1\n"
        "  R2 load x -> 1  *** torn\n"
        "\n"
        "Models a book.\n"
        f"{lines_of_the_trailer(out)}"
        "racer explore more.py::looks --set variant=a --set 'name=a b'\n"
        "# racer 0.1.0\n"
    )
    (witness,) = Path("racer-out").glob("looks.*.json")
    assert racer("explain", str(witness), "--brief") == (0, without_trailer(out), "")


def test_a_brief_of_what_is_not_as_declared_says_so(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    status, out, _ = racer("explore", "more.py::undeclared", "--brief")
    assert status == 1
    assert "FAIL: torn  NOT as expected (pass)" in out
    assert "fail: torn; 3 interleavings;" in out
    assert "R1 load x -> 0" in out


def test_a_brief_of_what_holds_is_the_verdict(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    status, out, _ = racer("explore", "more.py::looks", "--set", "reads=one", "--brief")
    assert status == 0
    assert "what if: reads=one\n" in out
    assert out.endswith(
        "\n\nPASS  as expected\n  one load is one value\n"
        "pass; 2 interleavings; 4 states; memory=sc\n"
        f"\n{lines_of_the_trailer(out)}"
    )


def test_what_fixes_it_has_to_be_what_the_scenario_can_be_given(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    status, _, err = racer("explore", "more.py::misspelt", "--brief")
    assert status == 2
    assert "Expected(fixed_by=...)" in err
    assert "no parameter 'read'; did you mean 'reads'?" in err


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        (["variant=helps"], "Passes with --set variant=plain in place of variant=helps."),
        (["variant=helps", "twice=true"], ""),  # it is declared to fail alike
        (["variant=untouched", "twice=true"], ""),
        (
            ["variant=other"],
            "Not with --set variant=late in place of variant=other, which fails otherwise: "
            "other, third.",
        ),
        (["variant=nothing"], ""),  # nothing is declared of it
        (["variant=refused"], ""),  # the scenario refuses it, whatever it declares
    ],
)
def test_only_what_is_declared_to_help_is_named(
    racer: Run, here: Path, settings: list[str], remedy: str
) -> None:
    Path("more.py").write_text(MODELS)
    words = [word for each in settings for word in ("--set", each)]
    status, out, err = racer("explore", "more.py::remedies", *words, "--brief")
    assert (status, err) == (0, "")
    said = " ".join(out.partition("\n\n")[0].split())
    assert said.partition("needs 1 preemption.")[2].strip() == remedy


def test_how_often_is_said_of_the_effect_that_the_steps_show(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    _, out, _ = racer("explore", "more.py::effects", "--brief")
    # R1 is before, between or after the two stores: three interleavings, each with its own effect.
    # The one that is shown is R1 alone, which takes no second thread.
    assert "R1 load x -> 0  *** seen" in out
    said = "seen (it is 0): 1 of 3 interleavings, with any effect every interleaving;"
    assert said in " ".join(out.split())
    alone = without_trailer(out)
    assert racer("explain", "racer-out/effects.seen.json", "--brief") == (0, alone, "")


@pytest.mark.parametrize(
    ("reasons", "why", "others"),
    [
        ("each", " Why: R comes first. ", "two (W does)."),
        ("same", " Why: R looks once. ", "two."),
        ("none", "", "two."),  # what is said of both is the reason of neither alone
    ],
)
def test_a_brief_is_of_one_label_with_its_reason_and_names_the_others(
    racer: Run, here: Path, reasons: str, why: str, others: str
) -> None:
    Path("more.py").write_text(MODELS)
    again = ["explore", "more.py::labels", "--set", f"reasons={reasons}"]
    status, out, _ = racer(*again, "--brief")
    assert status == 0
    assert len(out.splitlines()) <= LINES
    assert "*** one" in out and "*** two" not in out
    assert f"1 more label, by the command below: {others}" in " ".join(out.split())
    assert why in " ".join(out.split()) and ("Why:" in out) == bool(why)
    _, whole, _ = racer(*again)  # which is the command below
    assert "'one'" in whole and "'two'" in whole
    named = "" if reasons == "each" else f"reasons={reasons}."
    _, alone, _ = racer("explain", f"racer-out/labels.{named}two.json", "--brief")
    assert "*** two" in alone and "more label" not in alone


def test_a_reason_of_what_is_no_label_is_refused() -> None:
    with pytest.raises(ProgramError, match="'thre' is none of the labels"):
        Expected("fail", ("one", "three"), {"one": "so", "thre": "and so"})


def test_the_labels_besides_take_three_lines_of_a_brief_at_most() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        await x.load()
        raise Violation("one")

    result = explore(Program(mem, {"R": Thread(read)}))
    others = tuple((f"label_{i}", 10 * "because ") for i in range(9))
    origin = Origin(others=others, command="racer x", version="1")
    lines = brief_of(explain(result, "one"), origin).splitlines()
    (first,) = [i for i, line in enumerate(lines) if line.startswith("9 more labels, ")]
    assert lines[first + 2].endswith(" [...]")
    assert lines[first + 3 :] == ["racer x  # racer 1"]


def test_what_makes_the_decisive_steps_happen_is_only_in_full(racer: Run, here: Path) -> None:
    usual, full = (racer("explore", "split_race", *more)[1] for more in ((), ("--full",)))
    lead = "These make those steps happen at all:\n"
    assert lead not in usual
    assert lead in full
    at = full.index(lead)
    assert usual.startswith(full[:at])
    witness = "racer-out/split_race.misclassified.json"
    assert lead in racer("explain", witness, "--full")[1]
    assert lead not in racer("explain", witness)[1]


def test_a_brief_in_full_is_refused(racer: Run, here: Path) -> None:
    status, _, err = racer("explore", "aba", "--brief", "--full")
    said = "--brief and --full exclude each other: ask for one of them."
    assert (status, err) == (2, f"error: {said}\n")


def test_a_diagram_for_a_pull_request_is_all_that_is_printed(racer: Run, here: Path) -> None:
    Path("more.py").write_text(MODELS)
    status, out, err = racer("explore", "more.py::looks", "--mermaid")
    assert (status, err) == (0, "")
    assert out.startswith("```mermaid\nsequenceDiagram\n  title torn\n")
    assert "looks variant=a reads=two name= memory=sc" in " ".join(out.split())
    assert out.endswith("\n```\n")
    assert racer("explain", "racer-out/looks.torn.json", "--mermaid") == (0, out, "")


def test_explain_draws_where_it_is_told_to(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    witness = "racer-out/reads.torn.json"
    plain = racer("explain", witness)[1]
    status, out, err = racer("explain", witness, "--svg", "--png", "-o", "drawn")
    pictures = ["drawn/reads.torn.svg", "drawn/reads.torn.png", "drawn/reads.torn.dot"]
    assert (status, out, err) == (0, plain + "\n" + "\n".join(pictures) + "\n", "")
    assert Path(pictures[0]).read_bytes() == Path("racer-out/reads.torn.svg").read_bytes()
    assert Path(pictures[1]).read_bytes().startswith(b"\x89PNG")


def test_what_is_not_racer_s_is_no_place_for_a_picture(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    Path("drawn").mkdir()
    Path("drawn/reads.torn.svg").write_text("mine")
    status, _, err = racer("explain", "racer-out/reads.torn.json", "--svg", "-o", "drawn")
    assert status == 2
    assert "drawn/reads.torn.svg" in err
    assert Path("drawn/reads.torn.svg").read_text() == "mine"


def test_a_picture_says_what_it_is_of(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads", "--set", "writers=2")
    dot = Path("racer-out/reads.writers=2.torn.dot").read_text()
    assert (
        dot.count("reads  variant=torn writers=2  memory=sc") == 2
    )  # to be read, and as its tooltip


def test_a_mail_of_an_exploration_is_that_of_its_witness(racer: Run, here: Path) -> None:
    status, out, err = racer("explore", "models.py::reads", "--mail")
    assert (status, err) == (0, "")
    (witness,) = (here / "racer-out").glob("*.json")
    path = f"racer-out/{witness.name}"
    mailed = out.replace(f"{lines_of_the_trailer(out)}\n", "")
    assert racer("explain", path, "--mail") == (0, mailed, "")
    assert out.splitlines()[-1] == f"racer replay {path}"
    status, _, err = racer("explore", ".", "--mail")
    assert status == 2 and "--mail and --mermaid are for one scenario" in err


def test_what_is_written_beside_a_brief_is_named_on_stderr(racer: Run, here: Path) -> None:
    status, out, err = racer("explore", "models.py::reads", "--brief", "--png", "--html")
    assert (status, "racer-out" in out) == (0, False)
    (png,) = (path.name for path in (here / "racer-out").glob("*.png"))
    stem = png.removesuffix(".png")
    assert err == f"written: racer-out/reads.html\nwritten: racer-out/{png}\n"
    words = ("explain", f"racer-out/{stem}.json", "--png", "--html", "p.html")
    drawn = [f"racer-out/{stem}.{ending}" for ending in ("svg", "png", "dot")]
    named = "".join(f"written: {path}\n" for path in ("p.html", *drawn))
    for detail in ("--brief", "--mermaid", "--mail"):
        status, out, err = racer(*words, detail)
        assert (status, err) == (0, named)
        assert "p.html" not in out
