"""The commands about versions of the code: `racer diff`, `drift`, `equiv`, `lift-c`, `review`.

Loaded for `--help`, as all that declares commands: it imports nothing of the engine.
"""

from __future__ import annotations

from typing import Annotated

import typer

from racer.cli.options import Base, Count, Directory, Json, MaxStates, OneMemory, Settings


def diff(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name, or path/to/file.py::name.")
    ],
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A value of the parameter.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="Another one.")],
    parameter: Annotated[
        str, typer.Option(metavar="NAME", help="The parameter that the two are values of.")
    ] = "variant",
    settings: Settings = None,
    memory: OneMemory = "sc",
    directory: Directory = "racer-out",
    json: Json = False,
    max_states: MaxStates = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="S", help="Stop either after S s, all after 2 S: status 3."),
    ] = None,
    count: Count = None,
) -> None:
    """Compare two variants of a scenario.

    Shows the labels and outcomes that only one has, each with its shortest schedule, and the
    other variant under the same schedule, step beside step. Differences are no failure: the
    exit status is 0 when the comparison was made.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.differences import DiffRequest, diff_scenario

        return diff_scenario(
            DiffRequest(
                scenario=scenario,
                first=first,
                second=second,
                parameter=parameter,
                settings=tuple(settings or ()),
                memory=memory,
                directory=directory,
                json=json,
                max_states=max_states,
                timeout=timeout,
                count=count,
            )
        )

    raise typer.Exit(guarded(command))


def drift(
    base: Annotated[str, typer.Option(metavar="TREE", help="The top directory of a kernel tree.")],
    directory: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="Of models; else racer's and ./scenarios.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write what the functions are in this tree.")
    ] = False,
    json: Json = False,
) -> None:
    """Say which functions that models mirror have changed since they were recorded.

    Models name them in the header of their file (Source) and in docstrings. Comments and white
    space do not count. Exit status 0 where none has changed, else 1. --record writes them to
    mirrored.json beside the models of DIR, of ./scenarios, or of racer.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.drifting import drift_command

        return drift_command(directory, base, wants_record=record, json=json)

    raise typer.Exit(guarded(command))


def equiv(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name, or path/to/file.py::name.")
    ],
    first: Annotated[
        str, typer.Argument(metavar="FIRST", help="A value of the parameter; else a scenario.")
    ],
    second: Annotated[str | None, typer.Argument(metavar="[SECOND]", help="Another value.")] = None,
    parameter: Annotated[
        str, typer.Option(metavar="NAME", help="The parameter that the two are values of.")
    ] = "variant",
    settings: Settings = None,
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare this thread only.")
    ] = None,
    json: Json = False,
    max_states: Annotated[
        int | None, typer.Option(metavar="N", help="Stop searching after N states: exit status 3.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Stop after S seconds: exit status 3.")
    ] = None,
) -> None:
    """Say whether the threads of two variants behave alike, whatever they are given.

    If they do not, the fewest answers that tell them apart are shown, with the line of each. With
    SCENARIO OTHER, threads of the same names of two scenarios are compared. Exit status 0 where all
    are equivalent, 1 where some are not, 3 where that is not decided.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.equivalence import EquivalenceRequest, equivalence_command

        return equivalence_command(
            EquivalenceRequest(
                scenario=scenario,
                first=first,
                second=second,
                parameter=parameter,
                settings=tuple(settings or ()),
                thread=thread,
                json=json,
                max_states=max_states,
                timeout=timeout,
            )
        )

    raise typer.Exit(guarded(command))


def lift_c(
    file: Annotated[str, typer.Argument(metavar="FILE", help="C, a patch, a mail, a mailbox.")],
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="Its name in C.")],
    base: Base = None,
    map: Annotated[
        str | None,
        typer.Option(metavar="TOML", help="What names mean; else to the pages of racer's models."),
    ] = None,
    compiled: Annotated[
        str, typer.Option(metavar="HOW", help="Of plain loads: written, fused or sunk.")
    ] = "written",
    json: Json = False,
) -> None:
    """Show what each piece of a function of C means to a model.

    What means nothing is listed with the entry to write. Exit status 0 where all of it means
    something, else 1.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.lifting import lift_command

        return lift_command(file, function, base=base, map=map, compiled=compiled, json=json)

    raise typer.Exit(guarded(command))


def review(
    series: Annotated[str, typer.Argument(metavar="SERIES", help="A mailbox, a mail or a diff.")],
    base: Base = None,
    mail: Annotated[
        bool, typer.Option("--mail", help="Print a mail of the difference instead.")
    ] = False,
    max_states: Annotated[
        int | None, typer.Option(metavar="N", help="Stop each search after N states.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Stop each search after S seconds.")
    ] = None,
    json: Json = False,
) -> None:
    """Say which functions a series changes that models are about, and what that changes.

    Of each it is said which models mirror it by hand; and what the scenarios that take it as C show
    before the patch and after it. Exit status 1 where one shows a label after a patch that it did
    not show before, else 3 where what one shows is not known, else 0.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.reviewing import review_command

        return review_command(
            series, base, max_states=max_states, timeout=timeout, wants_mail=mail, json=json
        )

    raise typer.Exit(guarded(command))
