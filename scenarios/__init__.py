"""Models of kernel code, each written to be read beside the C that it stands for.

kernel/     the page model: what the kernel does to a page, file by file
claims.py   what was claimed of the classifier in its review, and what decides it
museum/     real fixes of such races, each before and after
the rest    questions, each a program over the page model; aba.py has a small model of its own

Three parts of a question's header are of this collection:
    Kernel  the files of kernel/ that it is made of. Their Source, Abstract and Not hold for it,
            too; its own lines by these names say what comes on top of that
    Answer  what is expected, derived by hand; the `expected` of the scenario says so in code
    Claims  which claims it bears on, and how
In these headers a path begins here: kernel/users.py, or split_race.py for a question.
"""
