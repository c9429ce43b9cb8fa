"""Where functions are, by brackets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_c

from racer.c_source.extents import Extent, extents, named_by, normalised
from tests.c_source.mailing import BEFORE


def names(text: str) -> list[str]:
    return [each.name for each in extents(text)]


def test_functions_have_their_lines() -> None:
    assert extents(BEFORE) == [Extent("is_used", 7, 12), Extent("take", 14, 26)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("static inline __printf(1, 2) int f(int a)\n{\n}\n", "f"),
        ("void f(struct zone *z) __releases(&z->lock)\n{\n}\n", "f"),
        ("static void\nf(int a,\n  int b)\n{\n}\n", "f"),
        ("struct page *f(void)\n{\n}\n", "f"),
        ("__attribute__((noinline)) int f(int (*g)(int), int b)\n{\n}\n", "f"),
        ("int f(void) __attribute__((cold))\n{\n}\n", "f"),
        ("static int __init f(void)\n{\n\tif (g()) {\n\t}\n}\n", "f"),
        ("module_init(g)\n\nstatic int f(void)\n{\n}\n", "f"),
        ("SYSCALL_DEFINE1(sync, int, fd)\n{\n}\n", "SYSCALL_DEFINE1(sync)"),
        ("int f(void)\n{\n\treturn g(\"}\", '{');  /* } */ // }\n}\n", "f"),
        ("int f(void)\n{\n#define X }\n\treturn 0;\n}\n", "f"),
    ],
)
def test_a_function_is_known_by_its_name_whatever_stands_around_it(text: str, name: str) -> None:
    (found,) = extents(text)
    assert (found.name, found.last, found.whole) == (name, text.count("\n"), True)


@pytest.mark.parametrize(
    "text",
    [
        "struct page {\n\tint a;\n};\n",
        "static const struct ops ops = {\n\t.f = f,\n\t.g = G(1),\n};\n",
        "int f(int a);\n",
        "enum __attribute__((packed)) e {\n\tA,\n};\n",
        "#define f(x) do { \\\n\tg(x); \\\n} while (0)\n",
        "DEFINE_MUTEX(lock);\nstruct __aligned(8) s {\n\tint a;\n};\n",
        "/* int f(void) { } */\n",
        "extern int (*f)(int);\n",
    ],
)
def test_what_is_no_function_is_none(text: str) -> None:
    assert extents(text) == []


def test_branches_of_if_begin_as_deep_as_the_first_one_did() -> None:
    after = "int g(void)\n{\n}\n"
    text = "#ifdef A\nint f(int a)\n{\n#else\nint f(void)\n{\n#endif\n\treturn 0;\n}\n"
    assert [each.last for each in extents(text + after) if each.name == "g"] == [12]
    inside = "int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n" + after
    assert extents(inside) == [Extent("f", 1, 9), Extent("g", 10, 12)]


def test_a_function_that_is_cut_is_said_not_to_be_whole() -> None:
    assert extents("int f(void)\n{\n\tif (a) {\n\t\tb();\n") == [Extent("f", 1, 4, whole=False)]


def test_in_the_middle_of_a_function_nothing_begins_but_in_the_first_column() -> None:
    text = "\tlist_for_each(a, b)\n\t{\n\t}\n}\n\nint g(void)\n{\n}\n"
    assert extents(text, from_the_start=False) == [Extent("g", 6, 8)]


def test_a_name_is_read_off_what_stands_behind_a_hunk() -> None:
    assert named_by("static int get_any_page(struct page *p, unsigned lon") == "get_any_page"
    assert named_by("out:") == ""
    assert named_by("static const struct ops ops = {") == ""


def test_comments_and_white_space_are_no_part_of_normalised_text() -> None:
    one = 'int f(void)\n{\n\t/* why */\n\treturn g( "a  b" ); // so\n}\n'
    other = 'int f (void) { return g("a  b"); }'
    assert normalised(one) == normalised(other)
    assert normalised(one) != normalised(one.replace("a  b", "a b"))
    assert normalised("#define A \\\n 1\nint a;") == normalised("#define A 1\nint a;")
    assert normalised("#define A 1\nint a;") != normalised("#define A\n1 int a;")


def test_form_feeds_and_strange_ends_of_lines_count_no_lines() -> None:
    assert extents("\f\nint f(void)\n{\n\x0b\n}\n\u2028int g(void)\n{\n}\n") == [
        Extent("f", 2, 5),
        Extent("g", 6, 8),
    ]


@pytest.mark.skipif("LINUX_TREE" not in os.environ, reason="LINUX_TREE names no tree")
def test_a_parser_finds_functions_to_end_where_brackets_do() -> None:
    # The second source is tree-sitter, where it finds no error in a function. It takes the end of
    # a macro's loop for that of a function where an attribute keeps it from seeing which it is.
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
    differing, compared = [], 0
    for path in sorted((Path(os.environ["LINUX_TREE"]) / "mm").glob("*.c")):
        text = path.read_text(errors="replace")
        ends = {each.last for each in extents(text)}
        waiting = [parser.parse(text.encode()).root_node]
        while waiting:
            node = waiting.pop()
            if node.type != "function_definition":
                waiting += node.children
            elif not node.has_error:
                compared += 1
                if node.end_point[0] + 1 not in ends:
                    differing.append((path.name, node.end_point[0] + 1))
    assert compared > 3_000 and len(differing) <= 1, differing
