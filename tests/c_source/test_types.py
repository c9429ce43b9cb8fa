"""Integers of C have the widths of their types, and what is no number to a model is none."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from racer import Memory, ModelError, Program, Thread, Violation, explore
from racer.c_source.mapping import load_map
from racer.c_source.translating import translated
from tests.c_source.generated import TYPEDEFS, computing_function
from tests.c_source.lifting import KERNEL, PAGE_MODEL, lift, ran, source_of

COMPILER = shutil.which("cc") or shutil.which("gcc")
# Ends of ranges, on either side.
PAIRS = ((0, 1), (-1, 5), (255, -129), (2**31 - 1, 2**32), (-(2**63), 2**63 - 1), (65536, 128))


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler to ask")
def test_generated_expressions_come_to_what_they_do_when_compiled(tmp_path: Path) -> None:
    number = 80
    names = [f"f{each}" for each in range(number)]
    made = [computing_function(name, at) for at, name in enumerate(names)]
    source, known = source_of(tmp_path, "".join(made)), load_map(KERNEL)
    (tmp_path / "compiled.c").write_text(TYPEDEFS + "".join(made))
    library = tmp_path / "made.so"
    flags = ["-O0", "-fwrapv", "-w", "-shared", "-fPIC"]
    files = [str(tmp_path / "compiled.c"), "-o", str(library)]
    subprocess.run([str(COMPILER), *flags, *files], check=True)
    compiled = ctypes.CDLL(str(library))
    for name, text in zip(names, made, strict=True):
        lifted = translated(source, name, known)
        function = compiled[name]
        function.restype, function.argtypes = ctypes.c_long, [ctypes.c_long, ctypes.c_long]
        for a, b in PAIRS:
            assert ran(lifted, a, b) == function(a, b), (text, a, b)


@pytest.mark.quick
@pytest.mark.parametrize(
    "body, value",
    [  # C11, 6.3.1.3: modulo two to the width; 6.3.1.8: what two operands are converted to
        ("unsigned int n = 0; n--; return n > 5;", True),
        ("unsigned int n = 1; return n - 2 > 5;", True),
        ("u32 n = 0; return ~n > 5;", True),
        ("int i = -1; unsigned int n = 1; return i > n;", True),
        ("unsigned long n = 0; n -= 1; return n > 100;", True),
        ("s8 c = 200; return c < 0;", True),
        ("u8 n = 255; n++; return n;", 0),
        ("u8 n = 256; return n;", 0),
        ("u32 n = 1U << 31; n <<= 1; return n == 0;", True),
        ("int n = 256; return (u8)n;", 0),
        ("int n = 2147483647; n++; return n < 0;", True),  # -fno-strict-overflow
    ],
)
def test_an_integer_is_as_wide_as_its_type(body: str, value: object, tmp_path: Path) -> None:
    assert ran(lift(tmp_path, f"int f(void) {{ {body} }}")) == value


@pytest.mark.quick
@pytest.mark.parametrize(
    "body",
    [
        "return READ_ONCE(p->page_type) == 0xf5000000;",
        "return data_race(p->page_type) != ~0U;",
        "return READ_ONCE(p->page_type) != -1;",
        "return p->page_type;",
        "return p->page_type >> 24;",
        "return p->page_type > 3;",
        "if (p->page_type) return true; return false;",
        "return !p->page_type;",
        "unsigned int type = p->page_type; return type == 5;",
        "unsigned int type = 0; while (type != 5) type = p->page_type; return true;",
        "switch (p->page_type) { case 5: return true; } return false;",
        "p->private = p->page_type; return true;",
        "unsigned long head = READ_ONCE(p->compound_head); return head & 1;",
        "unsigned long head = READ_ONCE(p->compound_head); return head > 1;",
        "return compound_head(p) - p;",
        "return compound_head(p) == 5;",
        "return g(p->page_type);",
        "unsigned int *q = &p->page_type; return *q == 5;",
        "unsigned int *q = &p->page_type, *r = q; return *r == 5;",
        "return k(&p->page_type);",
        "WRITE_ONCE(p->page_type, 5); return true;",
        "p->page_type = 5; return true;",
        "unsigned int old = 5; return try_cmpxchg(&p->page_type, &old, 7);",
        "return h(p);",
    ],
)
def test_what_is_no_number_to_the_model_is_not_taken_for_one(body: str, tmp_path: Path) -> None:
    helpers = "bool g(int n) { return n; }\nint h(struct page *p) { return p->page_type; }\n"
    helpers += "int k(int *p) { return *p; }\n"
    text = f"{helpers}bool f(struct page *p)\n{{\n\t{body}\n}}\n"
    lifted = lift(tmp_path, text, known=load_map(PAGE_MODEL))
    line = 2 if "h(p)" in body else 6
    assert [each.line for each in lifted.refusals] == [line] * len(lifted.refusals)
    assert lifted.refusals
    said = str(lifted.refusals[0])
    assert "number" in said or "an address" in said


@pytest.mark.quick
@pytest.mark.parametrize(
    "body",
    [
        "return compound_head(p) == p;",
        "struct page *head = compound_head(p); return head && head != NULL;",
        "unsigned int type = p->page_type; return type == READ_ONCE(p->page_type);",
        "return PageSlab(p) << 1 | PageTable(p);",
        "return page_private(p) + 1 > 3 && page_ref_count(p) == 1;",
    ],
)
def test_what_a_model_has_is_compared_with_its_like(body: str, tmp_path: Path) -> None:
    text = f"bool f(struct page *p) {{ {body} }}"
    assert lift(tmp_path, text, known=load_map(PAGE_MODEL)).refusals == []


@pytest.mark.quick
@pytest.mark.parametrize(
    "body, label",
    [
        ("return 1 << n;", "a value of 32 bits is shifted by 33"),
        ("return n / (n - 33);", "division by 0"),
        ("return n % (n - 33);", "division by 0"),
    ],
)
def test_what_c_does_not_define_is_a_violation(body: str, label: str, tmp_path: Path) -> None:
    with pytest.raises(Violation, match=label):
        ran(lift(tmp_path, f"int f(int n) {{ {body} }}"), 33)


@pytest.mark.quick
def test_a_literal_that_c_does_not_shift_by_is_refused(tmp_path: Path) -> None:
    lifted = lift(tmp_path, "int f(int n) { return 1 << 32; }")
    assert "a value of 32 bits is shifted by 32" in str(lifted.refusals[0])


@pytest.mark.quick
def test_a_local_that_is_used_uninitialised_is_a_violation(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "kernel"\n[types]\nint = [".v"]\n[fields]\nv = { cell = "$1" }\n')
    text = "int f(struct s *p)\n{\n\tint len;\n\tif (p->v)\n\t\tlen = 1;\n\treturn len;\n}\n"
    mem = Memory()
    thread = lift(tmp_path, text, known=load_map(own)).bound({"current": 1})
    program = Program(mem, {"F": Thread(thread, mem.cell("x", 0))})
    (label,) = explore(program).violations  # `len` has another name in Python
    assert label == "len is used uninitialised in f()"


@pytest.mark.quick
def test_a_value_with_which_the_model_cannot_go_on_is_told_as_of_the_c(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "kernel"\n[types]\nint = [".v"]\n[fields]\nv = { cell = "$1" }\n')
    text = "int f(struct s *p)\n{\n\treturn p->v + 1;\n}\n"
    mem = Memory()
    thread = lift(tmp_path, text, known=load_map(own)).bound({"current": 1})
    program = Program(mem, {"F": Thread(thread, mem.cell("x", "a text"))})
    with pytest.raises(ModelError, match=r"piece\.c:3 .*TypeError") as refused:
        explore(program)
    assert "racer lift-c" in str(refused.value) and "mend the thread" not in str(refused.value)
