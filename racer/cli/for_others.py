"""The commands about what others read or have written: `racer litmus`, `schema`, `verify`.

Loaded for `--help`, as all that declares commands: it imports nothing of the engine.
"""

from __future__ import annotations

from typing import Annotated

import typer

from racer.cli.options import Cluster, Jobs, Json


def litmus(
    path: Annotated[
        str, typer.Argument(metavar="FILE|DIR", help="A test, or all *.litmus below a directory.")
    ],
    memory: Annotated[
        str | None,
        typer.Option(metavar="MODEL,...", help="Such as sc,tso; else sc,tso,arm64,lkmm."),
    ] = None,
    json: Json = False,
    jobs: Jobs = None,
    cluster: Cluster = None,
) -> None:
    """Ask memory models about litmus tests: in C with the kernel's macros, X86, or AArch64.

    Each answer is told as herd7 does, and of what never happens the cycle that forbids it; of a
    directory a table. Exit status 2 where a file cannot be read, else 3 where a limit cut one.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.litmus import litmus_command
        from racer.sharing.crew import Crew

        return litmus_command(path, memory, Crew(jobs, cluster), json=json)

    raise typer.Exit(guarded(command))


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="Such as result; a list if none."),
    ] = None,
) -> None:
    """Print the JSON Schema of a document that --json prints.

    It is that of this version of racer, which its documents name, and allows no other keys.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.schemas import schema_command

        return schema_command(kind)

    raise typer.Exit(guarded(command))


def verify(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="TRAILER|MAIL|CERTIFICATE...",
            help='A line "Racer: ...", in quotes, or a file that has some; - is stdin.',
        ),
    ],
    trust: Annotated[bool, typer.Option("--trust", help="Run whatever files these name.")] = False,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Stop each after S seconds: exit status 3.")
    ] = None,
) -> None:
    """Compute anew what the trailer of a mail says, or check a certificate.

    Of each it says: confirmed; refuted, and what differs; not reproducible here, and what is
    missing or has moved; or not decided, where a limit cut it. Exit status 0 if all are confirmed,
    2 where one cannot be read, else 1 where one is refuted, else 4 where one is not reproducible.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.verifying import verify_command

        return verify_command(what, trust=trust, timeout=timeout)

    raise typer.Exit(guarded(command))
