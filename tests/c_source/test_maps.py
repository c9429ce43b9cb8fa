"""What names of C mean is data: what a map says is done, and what it does not say is told."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

from racer import Memory, Program, Thread, UsageError, explore
from racer.automata.lifting import lift as lift_threads
from racer.c_source.arithmetic import HELPERS
from racer.c_source.mapping import load_map
from racer.catalogue.packages import load_file
from tests.c_source.lifting import KERNEL, PAGE_MODEL, lift, ran

pytestmark = pytest.mark.quick


def refused(tmp_path: Path, text: str, **more: object) -> list[tuple[int, str, str]]:
    lifted = lift(tmp_path, text, **more)  # type: ignore[arg-type]
    return [(each.line, each.text, each.entry) for each in lifted.refusals]


def map_of(tmp_path: Path, text: str, name: str = "own.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_everything_that_means_nothing_is_told_at_once_with_the_entry_to_write(
    tmp_path: Path,
) -> None:
    text = """
int f(struct thing *t, int n)
{
	if (unknown_call(t, n))
		return OTHER;
	t->part = 1;
	return 0;
}
"""
    found = refused(tmp_path, text)
    assert found == [
        (
            4,
            "unknown_call() is in no map, and no function of the input",
            '[calls] unknown_call = "a Python expression of $1, $2"',
        ),
        (
            5,
            "OTHER is in no map, and no local",
            '[names] OTHER = "a Python expression"',
        ),
        (
            6,
            "the field 'part' of struct thing is in no map",
            '[fields] "thing.part" = { cell = "$1.part" }',
        ),
    ]
    with pytest.raises(UsageError, match="3 places mean nothing to the model"):
        ran(lift(tmp_path, text), None, 1)


def test_what_the_function_itself_lacks_comes_first_and_macros_and_ranges_are_told(
    tmp_path: Path,
) -> None:
    text = """#define odd(n) ((n) & 1)
static int other(int n)
{
	return strange(n);
}

int f(int n)
{
	switch (n) {
	case 1 ... 3:
		return odd(n);
	default:
		return other(n);
	}
}
"""
    found = [(each.line, each.text) for each in lift(tmp_path, text).refusals]
    (range_at, ranged), (odd_at, odd), (other_at, other) = found
    assert (range_at, odd_at, other_at) == (10, 11, 4)
    assert ranged.startswith("a range of cases, `case A ... B`, is an extension of GNU")
    assert odd.startswith("odd() is in no map, and a macro at ") and "piece.c:1, not" in odd
    assert other.startswith("strange() is in no map, and no function of the input")


def test_the_entries_that_were_written_are_what_was_missing(tmp_path: Path) -> None:
    text = "int f(struct thing *t, int n) { return unknown_call(t, n) ? OTHER : t->size; }"
    own = map_of(
        tmp_path,
        'extends = "kernel"\n[types]\nint = ["thing.size"]\n[calls]\nunknown_call = "$2 > 2"\n'
        '[fields]\n"thing.size" = "len($1)"\n[names]\nOTHER = "-7"\n',
    )
    with pytest.raises(UsageError, match="makes nothing of the argument t"):
        ran(lift(tmp_path, text, known=load_map(own)), "ab", 1)
    own.write_text(own.read_text().replace('"$2 > 2"', '{ is = "$2 > 2", drops = [1] }'))
    lifted = lift(tmp_path, text, known=load_map(own))
    assert (ran(lifted, "ab", 1), ran(lifted, "ab", 3)) == (2, -7)


def test_an_entry_for_a_name_that_never_occurs_is_told_of_a_user_s_map_alone(
    tmp_path: Path,
) -> None:
    own = map_of(
        tmp_path,
        'extends = "kernel"\n[calls]\nnever_called = "1"\nBIT = "$1"\n[types]\nint = ["BIT"]\n',
    )
    lifted = lift(tmp_path, "int f(int n) { return BIT(n); }", known=load_map(own))
    assert lifted.warnings == [f"{own} has [calls] never_called, which does not occur"]
    assert ran(lifted, 5) == 5  # what extends a map wins over it
    assert lift(tmp_path, "int f(int n) { return BIT(n); }").warnings == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("[calls]\nf = 3\n", "is a text or a table, not 3"),
        ('[calls]\nf = "$1 +"\n', "is no Python expression"),
        ('[calls]\nf = { iz = "1" }\n', "did you mean 'is'"),
        ('[calls]\nf = { why = "for nothing" }\n', "says nothing of what it is"),
        ('[cals]\nf = "1"\n', "did you mean 'calls'"),
        ("[calls\n", "is no TOML"),
        ('[config]\nCONFIG_A = "y"\n', "is true or false"),
        ('[types]\nfloat = ["f"]\n', "float is no type of an integer in C"),
        ('extends = "own"\n', "there is no own.toml beside it, nor with racer"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused_by_its_file_and_entry(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"own\.toml") as refused:
        load_map(map_of(tmp_path, text))
    assert said in str(refused.value)


def test_a_map_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the map .*: No such file"):
        load_map(tmp_path / "none.toml")


def test_which_branch_of_an_ifdef_is_compiled_is_configured(tmp_path: Path) -> None:
    text = """
int f(void)
{
#ifdef CONFIG_A
	return 1;
#else
	return 2;
#endif
}
"""
    (line, said, entry), *rest = refused(tmp_path, text)
    assert (line, said, entry, rest) == (
        4,
        "#ifdef CONFIG_A is not decided",
        "[config] CONFIG_A = true",
        [],
    )
    for value, result in (("true", 1), ("false", 2)):
        own = map_of(tmp_path, f"[config]\nCONFIG_A = {value}\n", f"{value}.toml")
        assert ran(lift(tmp_path, text, known=load_map(own))) == result


def test_a_define_of_the_input_is_a_number(tmp_path: Path) -> None:
    lifted = lift(tmp_path, "#define MOST 0x10 /* pages */\nint f(void) { return MOST; }\n")
    assert ran(lifted) == 16
    assert lifted.rows[0].origin.endswith("piece.c:1")


@pytest.mark.parametrize(
    "body, said",
    [
        ("scoped_guard(irq) { n++; } return n;", "the macro scoped_guard has a block"),
        (
            "for_each_thing(n) { if (n) continue; } return n;",
            "the macro for_each_thing has a block",
        ),
        ("return ({ int m = n; m; });", "a block as an expression"),
        ("static int m; return m;", "a static local is shared"),
        ("int m[3]; return m[0];", "an element of an array"),
        ("struct page *p = 0; p++; return 0;", "a pointer is moved"),
        ("return sizeof(n);", "sizeof expression is not translated"),
        ("return g(&n);", "g() is in no map"),
        ('asm volatile("mb"); return 0;', "is not translated"),
        ("return *(volatile int *)p(n);", "an access by way of 'volatile int *'"),
        ("int m __attribute__((cleanup(g))) = 3; return m;", "the grammar of C makes nothing of"),
        ("switch (n) { case 1 ... 5: return 1; } return 0;", "a range of cases"),
        ("guard(mutex)(&lock); return n;", "guard(mutex)() is in no map"),
        ("return n @ 2;", "the grammar of C makes nothing of"),
    ],
)
def test_what_is_not_translated_is_told_by_its_line(body: str, said: str, tmp_path: Path) -> None:
    found = refused(tmp_path, "int f(int n)\n{\n\t" + body + "\n}\n")
    assert any(line == 3 and said in text for line, text, _ in found), found


def test_what_the_grammar_does_not_know_hides_nothing_else(tmp_path: Path) -> None:
    found = refused(tmp_path, "int f(int n)\n{\n\tn = n @ 2;\n\treturn unknown(n);\n}\n")
    assert {line for line, *_ in found} == {3, 4}


def test_a_warning_s_condition_is_worked_out_and_what_is_printed_is_not(tmp_path: Path) -> None:
    text = 'int f(int n) { if (WARN_ON(n > 2)) return 1; pr_err("%d", g(n)); return 0; }'
    lifted = lift(tmp_path, text)
    assert (ran(lifted, 3), ran(lifted, 1)) == (1, 0)
    found = refused(tmp_path, 'int f(int n) { pr_err("%d", n++); return n; }')
    assert "pr_err() does nothing by the map, and n++ does something" in found[0][1]


def test_what_the_map_needs_of_a_model_and_is_not_given_is_refused(tmp_path: Path) -> None:
    lifted = lift(
        tmp_path,
        "int f(struct page *p) { return is_free_buddy_page(p); }",
        known=load_map(PAGE_MODEL),
    )
    with pytest.raises(UsageError, match="means 'is_free_buddy_page' by the map, and the model"):
        lifted.bound({})


# What accesses come to, explored.


def outcomes(tmp_path: Path, text: str) -> set[object]:
    """What `f(x)` returns beside a thread that stores 1, 2 to the cell x."""
    known = map_of(
        tmp_path, 'extends = "kernel"\n[types]\nint = [".v"]\n[fields]\nv = { cell = "$1" }\n'
    )
    thread = lift(tmp_path, text, known=load_map(known)).bound({"current": 1})
    mem = Memory()
    x = mem.cell("x", 0)

    async def writer() -> None:
        await x.store(1)
        await x.store(2)

    result = explore(Program(mem, {"F": Thread(thread, x), "W": Thread(writer)}))
    return {dict(each)["F"] for each in result.outcomes}


@pytest.mark.parametrize(
    "body, values",
    [
        # Two loads of 0, 1, 2 in this order: the second is never older than the first.
        ("return p->v * 10 + READ_ONCE(p->v);", {0, 1, 2, 11, 12, 22}),
        ("int a = p->v; return a * 10 + a;", {0, 11, 22}),
        # A load and a store: what was loaded, plus one, whatever was stored meanwhile.
        ("p->v += 1; return p->v;", {1, 2, 3}),
        ("return p->v++;", {0, 1, 2}),
        ("return ++p->v;", {1, 2, 3}),
        ("return atomic_inc_return(&p->v);", {1, 2, 3}),
        ("return cmpxchg(&p->v, 1, 7);", {0, 1, 2}),
        ("int old = 1; return try_cmpxchg(&p->v, &old, 7) ? 10 : old;", {0, 10, 2}),
        ("return xchg(&p->v, 5);", {0, 1, 2}),
        ("return p->v && READ_ONCE(p->v) == 2;", {False, True}),
    ],
)
def test_an_access_is_a_step(body: str, values: set[object], tmp_path: Path) -> None:
    assert outcomes(tmp_path, "int f(struct s *p) { " + body + " }") == values


def test_an_order_that_c_leaves_open_is_told(tmp_path: Path) -> None:
    known = load_map(
        map_of(
            tmp_path, 'extends = "kernel"\n[types]\nint = [".v"]\n[fields]\nv = { cell = "$1" }\n'
        )
    )
    open_order = lift(tmp_path, "int f(struct s *p) { return p->v + p->v; }", known=known)
    assert "C leaves open which access comes first in p->v + p->v" in open_order.warnings[0]
    for body in ("p->v && p->v", "p->v ? p->v : 0", "p->v + 1", "(p->v, p->v)"):
        text = f"int f(struct s *p) {{ return {body}; }}"
        assert lift(tmp_path, text, known=known).warnings == []  # these are sequenced


def nodes(tmp_path: Path, text: str) -> int:
    """How many nodes the thread `f(x)` has beside one that stores 1, 2 to the cell x."""
    known = map_of(
        tmp_path, 'extends = "kernel"\n[types]\nint = [".v"]\n[fields]\nv = { cell = "$1" }\n'
    )
    thread = lift(tmp_path, text, known=load_map(known)).bound({"current": 1})
    mem = Memory()
    x = mem.cell("x", 0)

    async def writer() -> None:
        await x.store(1)
        await x.store(2)

    return len(lift_threads(Program(mem, {"F": Thread(thread, x), "W": Thread(writer)})).growing[0])


def test_a_local_that_is_dead_behind_a_jump_costs_nothing(tmp_path: Path) -> None:
    # `k` is looked at behind `other`, and assigned before on every way there from the loop: in the
    # loop its value is stale. F is about to load first, or in the loop, or it has returned 1.
    plain = """
int f(struct s *p)
{
	int seen;

	if (p->v > 5)
		return 9;
again:
	seen = p->v;
	if (seen != 2)
		goto again;
	return 1;
}
"""
    stale = """
int f(struct s *p)
{
	int seen, k = p->v;

	if (k > 5)
		goto other;
again:
	seen = p->v;
	if (seen == 7) {
		k = seen;
		goto other;
	}
	if (seen != 2)
		goto again;
	return 1;
other:
	return k;
}
"""
    assert nodes(tmp_path, stale) == nodes(tmp_path, plain) == 3


def test_the_shipped_maps_can_be_read() -> None:
    assert load_map(KERNEL).call("READ_ONCE") is not None
    assert load_map(PAGE_MODEL).call("READ_ONCE") is not None


@pytest.mark.parametrize("path", [KERNEL, PAGE_MODEL], ids=lambda path: path.stem)
def test_every_name_that_a_shipped_entry_uses_is_there(path: Path) -> None:
    known = load_map(path)
    for name, where in known.python.items():
        assert hasattr(load_file(where), name), f"{where} has no {name}"
    given = {*known.python, *known.context, *HELPERS, *vars(builtins)}
    for entry in known.entries.values():
        for part in (entry.value, entry.cell, entry.at):
            tree = part.tree if part is not None else ast.Constant(None)
            names = [each for each in ast.walk(tree) if isinstance(each, ast.Name)]
            made = {each.id for each in names if isinstance(each.ctx, ast.Store)}
            used = {each.id for each in names if not each.id.startswith("_slot_")}
            assert used - made <= given, f"[{entry.section}] {entry.name}"
