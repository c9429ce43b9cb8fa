"""Designs of Python, Rust and textbooks, written with what threads wait with and free.

bounded_buffer    producers and consumers with one condition: a wake-up that wakes the wrong one
cached_fetch      a cache on asyncio: who looks during another's await, and who is cancelled then
capacity_limiter  anyio's, on asyncio, through two fixes of its cancellation
list_channel      crossbeam's, through three fixes of how its first block is set up
treiber_stack     held against a plain stack: nodes that are used again, with a tag and without
"""
