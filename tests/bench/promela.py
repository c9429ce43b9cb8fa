"""`aba(readers, rounds)` as a Promela model, made from aba.pml.in."""

from __future__ import annotations

from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).with_name("aba.pml.in")
# H is allocated, made a slab, freed again: four stores of A, so one line is one round.
SLAB = "  h_buddy = 0; h_type = 1; h_type = 0; h_buddy = 1;"


def aba_model(readers: int, rounds: int, *, private: bool) -> str:
    """The model. `private` tells SPIN which accesses commute with all others (see the template).

    Rounds are written out: a loop would need a counter, and the counter steps of its own.
    """
    return Template(TEMPLATE.read_text()).substitute(
        readers=readers,
        slabs="\n".join([SLAB] * rounds),
        private="local" if private else "",
    )
