"""Commands about a witness file: why its schedule comes out so, and to run it again."""

from __future__ import annotations

from typing import Annotated

import typer

from racer.cli.options import Brief, Full, Mail, Mermaid, Trust, Whose


def explain(
    witness: Annotated[str, typer.Argument(metavar="WITNESS.json", help="A witness file.")],
    for_mail: Mail = False,
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write the page to step through it, too."),
    ] = None,
    directory: Annotated[
        str, typer.Option("-o", "--output", metavar="DIR", help="Where pictures go.")
    ] = "racer-out",
    svg: Annotated[bool, typer.Option("--svg", help="Write the picture, and its DOT.")] = False,
    png: Annotated[bool, typer.Option("--png", help="Write it as PNG, too.")] = False,
    brief: Brief = False,
    full: Full = False,
    mermaid: Mermaid = False,
    scenario: Whose = None,
    trust: Trust = False,
) -> None:
    """Say why the schedule of a witness file comes out as it does.

    It is replayed first, and every step is held against the file.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.artefacts.telling import detail_of
        from racer.cli.explaining import Pictures, explain_witness
        from racer.cli.witnesses import Consent

        return explain_witness(
            witness,
            Consent(trust, scenario),
            detail=detail_of(brief=brief, full=full, mermaid=mermaid),
            for_mail=for_mail,
            pictures=Pictures(directory, svg=svg, png=png, html=html),
        )

    raise typer.Exit(guarded(command))


def replay(
    witness: Annotated[
        str, typer.Argument(metavar="WITNESS.json", help="A witness, or a schedule that is kept.")
    ],
    scenario: Whose = None,
    trust: Trust = False,
    go_on: Annotated[
        bool, typer.Option("--continue", help="Where it diverges, go on from there to its label.")
    ] = False,
) -> None:
    """Run the schedule of a witness file again.

    On the threads themselves, and every step is held against the file; of a schedule that is kept
    by pytest, the order in which threads are left for each other.
    """
    from racer.cli.guard import guarded

    def command() -> int:
        from racer.cli.witnesses import Consent, replay_witness

        return replay_witness(witness, Consent(trust, scenario), go_on=go_on)

    raise typer.Exit(guarded(command))
