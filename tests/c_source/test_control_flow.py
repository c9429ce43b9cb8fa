"""What C's control flow comes to in Python is what a C compiler makes of it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from racer.c_source.compilers import Compiled
from racer.c_source.mapping import load_map
from racer.c_source.translating import translated
from tests.c_source.generated import STRUCT, function_named
from tests.c_source.lifting import KERNEL, lift, ran, source_of

COMPILER = shutil.which("cc") or shutil.which("gcc")


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler to ask")
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_generated_functions_return_what_they_do_when_compiled(seed: int, tmp_path: Path) -> None:
    number = 40 if seed == 0 else 200
    names = [f"f{each}" for each in range(number)]
    text = "".join(function_named(name, seed * 5000 + at) for at, name in enumerate(names))
    source, known = source_of(tmp_path, text), load_map(KERNEL)
    library = tmp_path / "made.so"
    flags = ["-O0", "-fwrapv", "-w", "-shared", "-fPIC"]
    subprocess.run([str(COMPILER), *flags, str(tmp_path / "piece.c"), "-o", library], check=True)
    compiled = ctypes.CDLL(str(library))
    for name in names:
        lifted = translated(source, name, known)
        for a, b in ((0, 0), (1, 2), (3, 1), (5, -4)):
            assert ran(lifted, a, b) == compiled[name](a, b), function_of(text, name)


class Plain:
    """A cell that no other thread has: what it does takes no step."""

    def __init__(self, value: int) -> None:
        self.value = value

    async def load(self, order: str = "once") -> int:
        return self.value

    async def store(self, value: int, order: str = "once") -> None:
        self.value = value


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler to ask")
@pytest.mark.parametrize("compiled", ["written", "fused", "sunk"])
@pytest.mark.parametrize("seed", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_generated_accesses_come_to_the_same_when_compiled(
    seed: int, compiled: Compiled, tmp_path: Path
) -> None:
    names = [f"f{each}" for each in range(20 if seed == 2 else 100)]
    made = [function_named(n, seed * 5000 + at, shared=True) for at, n in enumerate(names)]
    once = "#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))\n"
    text = STRUCT + "".join(made)
    own = tmp_path / "own.toml"
    fields = "".join(f'"s.{name}" = {{ cell = "$1.{name}" }}\n' for name in "vw")
    own.write_text(f'extends = "kernel"\n[types]\nint = ["s.v", "s.w"]\n[fields]\n{fields}')
    source, known = source_of(tmp_path, text), load_map(own)
    (tmp_path / "compiled.c").write_text(once + text)
    library = tmp_path / "made.so"
    flags = ["-O0", "-fwrapv", "-w", "-shared", "-fPIC"]
    files = [str(tmp_path / "compiled.c"), "-o", str(library)]
    subprocess.run([str(COMPILER), *flags, *files], check=True)
    for name in names:
        lifted = translated(source, name, known, compiled)
        function = ctypes.CDLL(str(library))[name]
        for a, b in ((1, 2), (5, -4)):
            s, q = (ctypes.c_int * 2)(7, 9), ctypes.c_int(3)
            cells = SimpleNamespace(v=Plain(7), w=Plain(9)), Plain(3)
            in_c = function(a, b, ctypes.byref(s), ctypes.byref(q)), s[0], s[1], q.value
            in_python = ran(lifted, a, b, *cells)
            assert (in_python, cells[0].v.value, cells[0].w.value, cells[1].value) == in_c, (
                function_of(text, name)
            )


def function_of(text: str, name: str) -> str:
    return text[text.index(f"int {name}(") :].partition("\n}\n")[0]


@pytest.mark.quick
def test_a_switch_falls_through_and_a_goto_may_lead_into_it(tmp_path: Path) -> None:
    text = """
int f(int a)
{
	int seen = 0;

	switch (a) {
	case 1:
		seen += 1;
	middle:
		fallthrough;
	default:
		seen += 10;
		break;
	case 2:
		seen += 100;
		goto middle;
	}
	return seen;
}
"""
    lifted = lift(tmp_path, text)
    # 1 falls through to default; 2 jumps there, behind the 1; anything else is default alone.
    assert [ran(lifted, a) for a in (1, 2, 3)] == [11, 110, 10]


@pytest.mark.quick
def test_locals_of_blocks_hide_those_outside_and_python_s_words_are_names(tmp_path: Path) -> None:
    text = "int f(int pass) { int in = 1; { int pass = 7; in += pass; } return in * 100 + pass; }"
    assert ran(lift(tmp_path, text), 3) == 803


@pytest.mark.quick
def test_division_is_towards_zero(tmp_path: Path) -> None:
    lifted = lift(tmp_path, "int f(int a, int b) { return a / b * 100 + a % b; }")
    assert ran(lifted, -7, 2) == -301  # -3 and -1: C11 6.5.5
    assert ran(lifted, 7, -2) == -299  # -3 and 1


@pytest.mark.quick
def test_a_static_inline_of_the_input_is_called(tmp_path: Path) -> None:
    text = """
static inline int twice(int x) { return 2 * x; }
int f(int a) { return a ? twice(twice(a)) : BIT(3); }
"""
    lifted = lift(tmp_path, text)
    assert (ran(lifted, 5), ran(lifted, 0)) == (20, 8)


@pytest.mark.quick
@pytest.mark.parametrize(
    "text, value",
    [
        ("int f(int n) { bool b = n; return b == 1; }", True),  # 6.3.1.2: a bool is 0 or 1
        ("int f(int n) { bool b = false; b |= n; return b; }", True),
        ("int f(int n) { void *p = 0; return p == NULL; }", True),
        ("int f(int n) { void *p = NULL; return p == 0 && !p; }", True),
        ("int f(int n) { return (bool)n == 1; }", True),
        ("bool f(int n) { return n & 2; }", True),
    ],
)
def test_a_bool_is_true_or_false_and_a_null_pointer_is_none(
    text: str, value: object, tmp_path: Path
) -> None:
    assert ran(lift(tmp_path, text), 6) is value


@pytest.mark.quick
def test_a_local_that_is_never_assigned_has_no_value(tmp_path: Path) -> None:
    lifted = lift(tmp_path, "int f(int n) { int m; if (n) return m; return 2; }")
    assert ran(lifted, 0) == 2
    with pytest.raises(UnboundLocalError, match="'m'"):  # in C any value would do
        ran(lifted, 1)
