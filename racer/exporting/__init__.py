"""Programs as tests that other tools read: a litmus test in C, with the kernel's macros.

What cannot be said there is refused by name, or left out and told; and what the test says is held
against what the program says, before anybody gets it.
"""
