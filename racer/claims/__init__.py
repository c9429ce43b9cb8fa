"""Claims: sentences about the code under test, each with the scenarios that decide it.

    data        a claim, and what it asks of a scenario over a grid of parameters
    finding     where they are found
    deciding    the cases explored, in parallel
    cases       one exploration, and one point of a grid, as far as claims look at them
    answering   the answer that follows: of all that was asked, and as the C is
    bearing     what one exploration says of the claims
    universal   claims of all that could be written: refuted, or open
    conditions  on which parameters an answer depends, in as few words as possible

Nothing is imported here, so that a file of claims loads without the engine.
"""
