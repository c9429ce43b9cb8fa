"""The command line: `racer list`, `racer explore SCENARIO`, `racer replay WITNESS.json`, ...

Only this module is loaded for `--help`; a command imports the rest when it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from racer.cli import for_models, for_others, for_versions, for_witnesses, options

COMMANDS = (
    *(
        "claims",
        "diff",
        "drift",
        "equiv",
        "explain",
        "explore",
        "export",
        "fences",
        "graph",
        "lift-c",
    ),
    *("list", "litmus", "replay", "review", "schema", "verify"),
)

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit status: 0 as declared (pass, where nothing is declared), 1 otherwise, 2 wrong "
    "usage or a model that does not run, 3 bound or timeout, 4 not reproduced (a replay, a "
    "trailer), 5 a bug in racer, 130 interrupted.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and not given[0].startswith("-") and given[0] not in COMMANDS:
        from racer.cli.guard import unknown_command

        return unknown_command(given[0], list(COMMANDS))
    try:
        typer.main.get_command(app)(given, prog_name="racer")
    except SystemExit as stop:
        if isinstance(getattr(stop.__context__, "__cause__", None), KeyboardInterrupt):
            raise KeyboardInterrupt from None  # typer made an exit of it, and says nothing
        return stop.code if isinstance(stop.code, int) else 1
    except OSError as error:  # a help text that cannot be written; commands guard themselves
        from racer.cli.guard import unwritable

        return unwritable(error)
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        from racer.native.library import engine_text

        try:
            told = version("racer")
        except PackageNotFoundError:
            told = "(not installed)"
        typer.echo(f"racer {told}, engine: {engine_text()}")
        raise typer.Exit


@app.callback()
def _racer(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Exhaust the interleavings of modelled lockless code, and show the ones that go wrong."""


@app.command("list")
def _list(
    scenario: Annotated[
        str | None, typer.Argument(metavar="[SCENARIO]", help="Tell what this one asks, in words.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List the scenarios and their parameters.

    Those installed with racer, and those in ./scenarios. What stands behind "what if" is not what
    the code under test does.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.listing import list_command

        return list_command(scenario, json=json)

    raise typer.Exit(guarded(command))


@app.command("explore")
def _explore(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", help="A name, path/to/file.py::name, or a file or directory: all."
        ),
    ],
    variant: options.Variant = None,
    patch: options.Patch = None,
    base: options.Base = None,
    settings: options.Settings = None,
    memory: options.Memory = "sc",
    directory: options.Directory = "racer-out",
    json: options.Json = False,
    ktap: options.Ktap = False,
    patchwork: Annotated[
        bool, typer.Option("--patchwork", help="Print a check, as Patchwork's API takes it.")
    ] = False,
    sarif: options.Sarif = None,
    png: Annotated[bool, typer.Option("--png", help="Write each picture as PNG, too.")] = False,
    html: Annotated[
        bool, typer.Option("--html", help="Write NAME.html too: the whole report in one file.")
    ] = False,
    max_states: options.MaxStates = None,
    timeout: options.Timeout = None,
    count: options.Count = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar="pass|fail", help="The verdict that gives exit status 0."),
    ] = None,
    brief: options.Brief = False,
    full: options.Full = False,
    mermaid: options.Mermaid = False,
    for_mail: options.Mail = False,
    certificate: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write what lets others check a PASS; racer verify."),
    ] = None,
    sample: options.Sample = None,
    runs: options.Runs = None,
    depth: options.Depth = None,
    seed: options.Seed = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say how many states there may be, and stop.")
    ] = False,
    checkpoint: options.Checkpoint = None,
    jobs: options.Jobs = None,
    cluster: options.Cluster = None,
) -> None:
    """Search every interleaving of a scenario.

    Shows the verdict, the exact counts, and the shortest schedule of each violation. Of a file or
    directory of several a table: the exit status is 2 where one does not run, else 1 where one is
    not as declared, else 3 where a limit cut one.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.artefacts.telling import detail_of
        from racer.cli.formats import format_of
        from racer.cli.sampling import sample_of
        from racer.cli.selecting import Request, in_c
        from racer.cli.several import explore_named
        from racer.sharing.crew import Crew

        return explore_named(
            Request(
                scenario=scenario,
                variant=in_c(variant, patch, base),
                settings=tuple(settings or ()),
                memory=memory,
                directory=directory,
                format=format_of(json=json, ktap=ktap, patchwork=patchwork),
                sarif=sarif,
                max_states=max_states,
                timeout=timeout,
                count=count,
                expect=expect,
                html=html,
                png=png,
                detail=detail_of(brief=brief, full=full, mermaid=mermaid),
                for_mail=for_mail,
                certificate=certificate,
                sample=sample_of(sample, runs=runs, depth=depth, seed=seed),
                estimate=estimate,
                checkpoint=checkpoint,
            ),
            Crew(jobs, cluster),
        )

    raise typer.Exit(guarded(command))


app.command("diff")(for_versions.diff)


@app.command("claims")
def _claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM|FILE]...", help="Such as C10; all if none. Files: those in them."
        ),
    ] = None,
    patch: options.Patch = None,
    base: options.Base = None,
    memory: options.Memory = "sc",
    directory: options.Directory = "racer-out",
    json: options.Json = False,
    ktap: options.Ktap = False,
    jobs: options.Jobs = None,
    cluster: options.Cluster = None,
    html: Annotated[
        bool, typer.Option("--html", help="Write claims.NAME.html too: the table as one file.")
    ] = False,
    max_states: Annotated[
        int | None, typer.Option(metavar="N", help="Stop each case after N states: status 3.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Stop each case after S seconds: status 3.")
    ] = None,
) -> None:
    """Answer the claims that were made about the code, as a table.

    One claim by name is explained, with the schedule that decides it. With --patch they are asked
    of the C that is given, in place of the versions that they name.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.claims import claims_command
        from racer.cli.formats import format_of
        from racer.cli.selecting import in_c
        from racer.sharing.crew import Crew

        return claims_command(
            names or [],
            place=in_c(None, patch, base),
            memory=memory,
            directory=directory,
            format=format_of(json=json, ktap=ktap),
            html=html,
            crew=Crew(jobs, cluster),
            max_states=max_states,
            timeout=timeout,
        )

    raise typer.Exit(guarded(command))


@app.command("graph")
def _graph(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name, or path/to/file.py::name.")
    ],
    variant: options.Variant = None,
    settings: options.Settings = None,
    memory: options.OneMemory = "sc",
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="Draw this thread's automaton instead.")
    ] = None,
    directory: Annotated[
        str, typer.Option("-o", "--output", metavar="DIR", help="Where pictures go.")
    ] = "racer-out",
    format: Annotated[
        str, typer.Option(metavar="svg|png|dot", help="The picture; its DOT is written, too.")
    ] = "svg",
    max_nodes: Annotated[
        int | None, typer.Option(metavar="N", help="Draw a part where there are more nodes. [60]")
    ] = None,
    every_state: Annotated[
        bool, typer.Option("--all", help="Draw all states, not only those of the reduced graph.")
    ] = False,
    max_states: Annotated[
        int | None, typer.Option(metavar="N", help="Stop searching after N states: exit status 3.")
    ] = None,
    timeout: options.Timeout = None,
) -> None:
    """Draw the state graph of a scenario, or the automaton of one of its threads.

    Above the limit of nodes the part that leads to violations; the picture says what was cut.
    Exit status 0 when it is drawn, whatever the verdict.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.graphs import GraphRequest, draw_graph

        return draw_graph(
            GraphRequest(
                scenario=scenario,
                variant=variant,
                settings=tuple(settings or ()),
                memory=memory,
                thread=thread,
                directory=directory,
                format=format,
                max_nodes=max_nodes,
                every_state=every_state,
                max_states=max_states,
                timeout=timeout,
            )
        )

    raise typer.Exit(guarded(command))


app.command("explain")(for_witnesses.explain)
app.command("replay")(for_witnesses.replay)
app.command("drift")(for_versions.drift)
app.command("equiv")(for_versions.equiv)
app.command("lift-c")(for_versions.lift_c)
app.command("review")(for_versions.review)
app.command("export")(for_models.export)
app.command("fences")(for_models.fences)
app.command("litmus")(for_others.litmus)
app.command("schema")(for_others.schema)
app.command("verify")(for_others.verify)
