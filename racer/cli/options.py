"""The options that more than one command has. Loaded for `--help`: it imports nothing of racer."""

from __future__ import annotations

from typing import Annotated

import typer

Variant = Annotated[str | None, typer.Option(metavar="V", help="Short for --set variant=V.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter; may be repeated."),
]
Patch = Annotated[
    str | None,
    typer.Option(
        metavar="FILE[:FUNCTION]", help="C in place of a variant: a patch, a mail, a file."
    ),
]
Base = Annotated[
    str | None, typer.Option(metavar="TREE", help="The kernel tree that a patch is for.")
]
Memory = Annotated[
    str, typer.Option(metavar="MODEL", help="sc, tso (x86), arm64, lkmm; of several a table.")
]
OneMemory = Annotated[str, typer.Option(metavar="MODEL", help="The memory model: sc or tso (x86).")]
Directory = Annotated[
    str, typer.Option("-o", "--output", metavar="DIR", help="Where witness files go.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Ktap = Annotated[bool, typer.Option("--ktap", help="Print KTAP instead, for a kernel's CI.")]
Sarif = Annotated[
    str | None,
    typer.Option("--sarif", metavar="FILE", help="Write SARIF too: each violation at its line."),
]
Count = Annotated[
    bool | None,
    typer.Option(
        "--count/--no-count",
        show_default=False,
        help="Count interleavings whatever it takes, or not at all; else if affordable.",
    ),
]
MaxStates = Annotated[
    int | None, typer.Option(metavar="N", help="Stop deciding after N states: exit status 3.")
]
Timeout = Annotated[
    float | None, typer.Option(metavar="S", help="Stop after S seconds: exit status 3.")
]
Checkpoint = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Save the search there now and then, and go on from it."),
]
Jobs = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Of several: so many at once. [as many as cores]"),
]
Cluster = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS|local", help="Use the machines of a Dask cluster instead."),
]
Sample = Annotated[
    str | None,
    typer.Option(metavar="pct|pos", help="Search nothing: draw runs by lot; nothing is proved."),
]
Runs = Annotated[int | None, typer.Option(metavar="N", help="Of --sample: how many. [1000]")]
Depth = Annotated[
    int | None,
    typer.Option(metavar="D", help="Of --sample pct: steps that must come in order. [3]"),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Of --sample: other runs. [0]")]
Brief = Annotated[
    bool, typer.Option("--brief", help="Of each violation 20 lines, for a mail, and no more.")
]
Full = Annotated[
    bool, typer.Option("--full", help="Of each violation also what makes its steps happen.")
]
Mail = Annotated[
    bool, typer.Option("--mail", help="The text for a mail, ending in the replay command.")
]
Mermaid = Annotated[
    bool, typer.Option("--mermaid", help="Of each a sequence diagram, for a pull request.")
]
Whose = Annotated[
    str | None,
    typer.Argument(
        metavar="[SCENARIO]", help="Whose code to run, if it is not below the current directory."
    ),
]
Trust = Annotated[bool, typer.Option("--trust", help="Run whatever file the witness names.")]
