"""The commands that are about memory models alone: `racer export`, `fences`.

Loaded for `--help`, as all that declares commands: it imports nothing of the engine.
"""

from __future__ import annotations

from typing import Annotated

import typer

from racer.cli.options import Json, Settings, Variant


def fences(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name, or path/to/file.py::name.")
    ],
    variant: Variant = None,
    settings: Settings = None,
    memory: Annotated[
        str, typer.Option(metavar="MODEL,...", help="The memory models that are asked.")
    ] = "tso,arm64,lkmm",
    json: Json = False,
    max_states: Annotated[
        int | None,
        typer.Option(metavar="N", help="Stop each exploration after N states: exit status 3."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Stop all after S seconds: exit status 3.")
    ] = None,
) -> None:
    """Say which barriers and orders remove the violations of a scenario, and which can go.

    All weakest sets of smp_rmb(), smp_wmb() and smp_mb() between steps, and of acquire and release,
    each with what it pairs with in other threads; and which barriers, orders and re-reads that are
    there can go with no verdict changed. Each changed program is explored. Exit status 2 where a
    model cannot be asked, else 3 where a limit cut one, else 1 where nothing removes a violation.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.fences import FencesRequest, fences_command

        return fences_command(
            FencesRequest(
                scenario=scenario,
                variant=variant,
                settings=tuple(settings or ()),
                memory=memory,
                json=json,
                max_states=max_states,
                timeout=timeout,
            )
        )

    raise typer.Exit(guarded(command))


def export(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name, or path/to/file.py::name.")
    ],
    litmus: Annotated[
        bool, typer.Option("--litmus", help="As a litmus test in C, which herd7 reads.")
    ] = False,
    variant: Variant = None,
    settings: Settings = None,
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="What it asks, if there are several.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Else it is printed.")
    ] = None,
    max_states: Annotated[
        int | None,
        typer.Option(metavar="N", help="Give up after N histories and line-ups of writes."),
    ] = None,
) -> None:
    """Write the threads of a scenario as a test that other tools read.

    Its condition is that a label is shown. The test is read back and asked under sc and lkmm, and
    what it says there is what the scenario says, or it is refused; what it leaves out is told on
    stderr.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.exporting import ExportRequest, export_command

        return export_command(
            ExportRequest(
                scenario=scenario,
                variant=variant,
                settings=tuple(settings or ()),
                litmus=litmus,
                label=label,
                output=output,
                max_states=max_states,
            )
        )

    raise typer.Exit(guarded(command))
