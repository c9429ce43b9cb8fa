"""Scenarios: declaring them, setting their parameters, finding them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest

from racer import (
    Configured,
    Expected,
    Meanings,
    Memory,
    Program,
    ProgramError,
    Range,
    Scenario,
    Thread,
    UsageError,
    WhatIf,
    scenario,
)
from racer.catalogue.discovery import catalogue, find


def tiny() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {"W": Thread(writer)})


@scenario(expect=lambda order: Expected("fail", ("deadlock",), "why") if order == "rmb" else None)
def sample(
    *,
    readers: Annotated[int, Range(1, 8)] = 1,
    order: Literal["none", "rmb", 3] = "none",
    check: bool = False,
    note: str = "",
    seed: int = -4,
) -> Program:
    """One line.

    And more.
    """
    if note == "broken":
        raise ValueError("no such note")
    if note == "refused":
        raise UsageError("a note is needed")
    return tiny()


def test_a_scenario_describes_itself() -> None:
    assert isinstance(sample, Scenario)
    assert (sample.name, sample.summary) == ("sample", "One line.")
    assert sample.doc.endswith("And more.")
    assert Path(sample.source.path).name == "test_registry.py"
    assert [(each.name, each.default, each.type_text) for each in sample.parameters] == [
        ("readers", 1, "int 1..8"),
        ("order", "none", "none | rmb | 3"),
        ("check", False, "true | false"),
        ("note", "", "text"),
        ("seed", -4, "int"),
    ]


@scenario
def marked(
    *,
    update: Annotated[
        Literal["split", "atomic"],
        Configured(),
        WhatIf("atomic"),
        Meanings({"split": "a load and a store", "atomic": "one step", "lost": "not asked here"}),
    ] = "split",
    lock: Annotated[bool, WhatIf(False)] = True,
    limit: Annotated[int, Range(0, 9), WhatIf(*range(1, 10))] = 0,
    odd: Annotated[int, WhatIf(1, 3)] = 0,
    one: Annotated[Literal[0, 1], WhatIf(1)] = 0,
) -> Program:
    return tiny()


def test_values_that_the_code_under_test_does_not_have_are_marked() -> None:
    assert [each.type_text for each in marked.parameters] == [
        "split; what if atomic",
        "true; what if false",
        "int 0..9; what if 1..9",
        "int; what if 1 | 3",
        "0; what if 1",
    ]
    assert marked.what_ifs({}) == {}
    assert marked.what_ifs({"lock": False, "update": "atomic", "limit": 2, "odd": 2}) == {
        "update": "atomic",
        "lock": False,
        "limit": 2,
    }
    update, lock, *_, one = marked.parameters
    assert (update.configured, lock.configured) == (True, False)
    assert (update.meaning("atomic"), lock.meaning(True)) == ("one step", "")
    assert not one.is_what_if(True)  # a bool, not the integer


Letter = Annotated[Literal["a", "b", "c"], WhatIf("b", "c")]


def test_a_mark_may_be_narrowed_down_by_the_scenario_that_uses_a_type() -> None:
    @scenario
    def narrow(*, x: Annotated[Letter, WhatIf("c")] = "a") -> Program:
        return tiny()

    assert narrow.parameters[0].what_ifs == ("c",)


def test_marks_that_fit_no_value_are_refused_when_declared() -> None:
    with pytest.raises(ProgramError, match=r"parameter 'x'.*WhatIf.'c'.*parameter 'x' cannot be"):

        @scenario
        def one(*, x: Annotated[Literal["a", "b"], WhatIf("c")] = "a") -> Program:
            return tiny()

    with pytest.raises(ProgramError, match=r"WhatIf.10.*int 0..9"):

        @scenario
        def two(*, x: Annotated[int, Range(0, 9), WhatIf(10)] = 0) -> Program:
            return tiny()

    with pytest.raises(ProgramError, match="Meanings do not say what 'b' stands for"):

        @scenario
        def three(*, x: Annotated[Literal["a", "b"], Meanings({"a": "one"})] = "a") -> Program:
            return tiny()

    with pytest.raises(ProgramError, match="names no value"):
        WhatIf()


def test_text_values_become_values_of_the_parameters_types() -> None:
    texts = {"readers": "8", "order": "3", "check": "YES", "note": "a=b", "seed": "-1"}
    assert sample.parse(texts) == {
        "readers": 8,
        "order": 3,
        "check": True,
        "note": "a=b",
        "seed": -1,
    }


def test_parameters_not_given_have_their_defaults_in_the_order_of_declaration() -> None:
    assert list(sample.parse({"seed": "1", "readers": "2"}).items()) == [
        ("readers", 2),
        ("order", "none"),
        ("check", False),
        ("note", ""),
        ("seed", 1),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("raeders", "1", ["sample", "'raeders'", "did you mean 'readers'"]),
        ("readers", "0", ["'readers'", "0", "1..8"]),
        ("readers", "9", ["'readers'", "9", "1..8"]),
        ("readers", "two", ["'readers'", "'two'", "1..8"]),
        ("readers", "1.0", ["'readers'", "'1.0'", "1..8"]),
        ("order", "rbm", ["'order'", "'rbm'", "did you mean 'rmb'", "none, rmb, 3"]),
        ("check", "maybe", ["'check'", "'maybe'", "true | false"]),
    ],
)
def test_a_wrong_text_is_refused_by_name_with_what_is_allowed(
    name: str, text: str, said: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        sample.parse({name: text})
    for part in said:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"readers": 9},
        {"readers": True},  # an int to Python, a mistake to a reader
        {"readers": "1"},
        {"order": "3"},  # the 3 declared is an integer
        {"check": 1},
        {"note": None},
        {"unknown": 1},
    ],
)
def test_calls_are_checked_as_the_command_line_is(given: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        sample(**given)


def test_calling_and_building_give_a_program() -> None:
    assert isinstance(sample(readers=2), Program)
    assert isinstance(sample.build(), Program)


def test_what_is_expected_may_depend_on_some_of_the_parameters() -> None:
    assert sample.expected() is None
    assert sample.expected(order="rmb") == Expected("fail", ("deadlock",), "why")


def test_an_expectation_may_be_one_for_all_parameters() -> None:
    @scenario(expect=Expected("pass"))
    def calm(*, n: int = 1) -> Program:
        return tiny()

    assert calm.expected(n=2) == Expected("pass")


@pytest.mark.parametrize(("verdict", "labels"), [("fail", ()), ("pass", ("x",)), ("fail", "x")])
def test_an_expectation_that_no_result_could_meet_is_refused(
    verdict: Literal["pass", "fail"], labels: tuple[str, ...]
) -> None:
    with pytest.raises(ProgramError):
        Expected(verdict, labels)


def test_what_passes_has_nothing_that_fixes_it() -> None:
    with pytest.raises(ProgramError, match="nothing is to fix"):
        Expected("pass", fixed_by={"n": 1})


def test_a_function_that_raises_is_reported_with_parameters_exception_and_line() -> None:
    with pytest.raises(ProgramError) as caught:
        sample(note="broken", readers=3)
    for part in ("'sample'", "readers=3", "note=broken", "ValueError: no such note"):
        assert part in str(caught.value)
    assert "test_registry.py:" in str(caught.value)


def test_a_usage_error_of_the_function_passes_through() -> None:
    with pytest.raises(UsageError, match=r"^a note is needed$"):
        sample(note="refused")


def test_a_function_that_returns_no_program_is_reported() -> None:
    @scenario
    def forgets() -> Program:
        tiny()  # and no return
        return None  # type: ignore[return-value]

    with pytest.raises(ProgramError, match=r"'forgets'.*NoneType, not a Program"):
        forgets()


def test_an_async_scenario_is_told_to_be_plain() -> None:
    async def asks() -> None: ...

    with pytest.raises(ProgramError, match=r"write it as `def`"):
        scenario(asks)()  # type: ignore[arg-type]


def test_parameters_that_cannot_be_set_as_text_are_refused_when_declared() -> None:
    def without_default(*, n: int) -> Program:
        return tiny()

    def any_number(*many: int) -> Program:
        return tiny()

    def of_a_list(*, n: list[int] = []) -> Program:  # noqa: B006  # it is refused
        return tiny()

    def outside(*, n: Annotated[int, Range(1, 2)] = 3) -> Program:
        return tiny()

    for function in (without_default, any_number, of_a_list, outside):
        with pytest.raises(ProgramError, match=function.__name__):
            scenario(function)


SOURCE = '''
from racer import Memory, Program, Thread, scenario


def build() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {{"W": Thread(writer)}})


@scenario
def {name}() -> Program:
    """{text}"""
    return build()
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory with a ./scenarios in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    return tmp_path


def write(path: Path, name: str, text: str = "Local.") -> None:
    path.write_text(SOURCE.format(name=name, text=text))


def names() -> list[str]:
    return [each.scenario.name for each in catalogue().found]


def test_the_installed_scenarios_are_found_by_name(here: Path) -> None:
    assert {"aba", "free_alloc_free", "split_race"} <= set(names())
    assert find("aba").reference == "aba"


def test_scenarios_are_listed_by_name_wherever_they_are(here: Path) -> None:
    write(here / "scenarios" / "zebra.py", "aardvark")
    write(here / "scenarios" / "ant.py", "zoo")
    assert names() == sorted(names())
    assert {"aardvark", "zoo"} <= set(names())


def test_a_local_scenario_wins_over_an_installed_one(here: Path) -> None:
    write(here / "scenarios" / "mine.py", "aba", "My own.")
    assert find("aba").scenario.summary == "My own."
    assert names().count("aba") == 1


def test_an_unknown_name_gets_a_suggestion(here: Path) -> None:
    with pytest.raises(UsageError, match=r"'abba'; did you mean 'aba'"):
        find("abba")


def test_a_broken_file_hides_no_other_and_is_named(here: Path) -> None:
    write(here / "scenarios" / "good.py", "good")
    (here / "scenarios" / "bad.py").write_text("def lost():\n    pass\n\n1 / 0\n")
    assert "good" in names()
    [broken] = catalogue().broken
    for part in ("scenarios/bad.py", "ZeroDivisionError", "scenarios/bad.py:4"):
        assert part in broken.error
    with pytest.raises(ProgramError, match=r"'lost' is not available.*ZeroDivisionError"):
        find("lost")
    with pytest.raises(UsageError, match=r"(?s)no scenario 'other'.*scenarios/bad.py"):
        find("other")


def test_two_local_scenarios_of_one_name_must_be_told_apart(here: Path) -> None:
    write(here / "scenarios" / "one.py", "same", "One.")
    write(here / "scenarios" / "two.py", "same", "Two.")
    with pytest.raises(UsageError, match=r"scenarios/one.py::same or scenarios/two.py::same"):
        find("same")
    assert find("scenarios/two.py::same").scenario.summary == "Two."


def test_a_scenario_is_found_by_its_file(here: Path) -> None:
    write(here / "only.py", "lonely")
    assert find("only.py").reference == "only.py::lonely"
    assert find(f"{here}/only.py::lonely").reference == "only.py::lonely"


def test_a_file_of_several_scenarios_asks_which(here: Path) -> None:
    write(here / "both.py", "first")
    with (here / "both.py").open("a") as file:
        file.write("\n\n@scenario\ndef second() -> Program:\n    return build()\n")
    with pytest.raises(UsageError, match=r"both.py::first, both.py::second"):
        find("both.py")
    assert find("both.py::second").scenario.name == "second"
    with pytest.raises(UsageError, match=r"did you mean 'second'"):
        find("both.py::secnod")


def test_imported_scenarios_are_not_a_files_own(here: Path) -> None:
    write(here / "base.py", "base")
    (here / "user.py").write_text("from base import base\n")
    with pytest.raises(UsageError, match=r"has no scenario"):
        find("user.py")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def x(:\n", r"SyntaxError.*\n.*odd.py:1"),
        ("import racer\nimport no_such_module_here\n", r"ModuleNotFoundError.*\n.*odd.py:2"),
        ("raise SystemExit('stop')\n", r"SystemExit: stop\n.*odd.py:1"),
        ("from racer import Range\nRange(2, 1)\n", r"is empty.*\n.*odd.py:2"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_line_and_exception(
    here: Path, text: str, said: str
) -> None:
    (here / "odd.py").write_text(text)
    with pytest.raises(ProgramError, match=said):
        find("odd.py::x")


@pytest.mark.parametrize("reference", ["none.py", "none.py::x", "./scenarios", "nowhere/"])
def test_a_file_that_is_not_there_is_a_usage_error(here: Path, reference: str) -> None:
    with pytest.raises(UsageError, match=r"does not exist|is a directory"):
        find(reference)


def test_the_scenarios_that_come_with_racer_say_what_each_value_stands_for() -> None:
    """And by default they are as the C is."""
    for each in catalogue().found:
        if each.installed:
            for parameter in each.scenario.parameters:
                for value in parameter.allowed:
                    assert parameter.meaning(value), (each.scenario.name, parameter.name, value)
            assert each.scenario.what_ifs({}) == {}, each.scenario.name
