"""`--patch`: C from a mailbox in place of a variant, in every command that explores."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import UsageError
from scenarios.split_race import split_race
from tests.c_source.lifting import DATA
from tests.c_source.mailing import mailbox, patch, posted

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

BEFORE = "int before;\n\nint after;\n"
SUBJECT = "[PATCH v11 1/2] mm/memory-failure: classify"


def with_c_of(name: str) -> str:
    text = (DATA / name).read_text().split("\n", 1)[1]
    return BEFORE.replace("int after", f"{text}\nint after")


@pytest.fixture
def v11(here: Path) -> Path:
    diff = patch(BEFORE, with_c_of("v10.c"), "mm/memory-failure.c")
    (here / "v11.mbox").write_text(mailbox(posted(diff, SUBJECT)))
    return here


def labels(document: str) -> dict[str, int]:
    found = json.loads(document)["violations"]
    return {label: each["interleavings"] for label, each in found.items()}


def test_explore_takes_a_mailbox_and_what_it_leaves_is_replayed(racer: Run, v11: Path) -> None:
    _, by_hand, _ = racer("explore", "split_race", "--variant", "v10", "--json", "-o", "hand")
    status, in_c, _ = racer("explore", "split_race", "--patch", "v11.mbox", "--json", "-o", "out")
    assert status == 1  # nothing is declared of it, and it fails
    assert labels(in_c) == labels(by_hand) != {}
    assert json.loads(in_c)["parameters"]["variant"] == "v11.mbox"
    (witness,) = (v11 / "out").glob("*.json")
    steps = json.loads(witness.read_text())["steps"]
    loads = [each for each in steps if each["source"].startswith("mm/memory-failure.c:")]
    # The patch puts the C behind two lines. p's flags, its head, the type and p's head again are
    # on lines 6, 9, 10 and 12 of what is left of v10.c without its first line.
    lines = [(each["operation"], int(each["source"].rpartition(":")[2])) for each in loads]
    assert lines == [
        ("load p.flags", 2 + 6),
        ("load p.info", 2 + 9),
        ("load H.page_type (plain)", 2 + 10),
        ("load p.info", 2 + 12),
    ]
    status, told, _ = racer("replay", str(witness))
    assert status == 0
    assert "misclassified" in told


@pytest.mark.quick
def test_a_place_is_refused_that_has_no_c_for_the_scenario(racer: Run, v11: Path) -> None:
    (v11 / "other.c").write_text("int other(int n) { return n; }\n")
    refusals = {
        ("explore", "split_race", "--patch", "none.mbox"): "cannot read none.mbox",
        ("explore", "split_race", "--patch", "other.c"): "other.c has no function with a role",
        ("explore", "split_race", "--patch", "v11"): "--patch 'v11' is no FILE or FILE:FUNCTION",
        ("explore", "split_race", "--patch", "v11.mbox:nothing"): "no function 'nothing'",
        (
            "explore",
            "last_pass",
            "--patch",
            "v11.mbox",
        ): "'variant' cannot be 'v11.mbox': no C can be given for it",
        ("explore", "split_race", "--base", "tree"): "name it with --patch",
        ("claims", "C99", "--patch", "v11.mbox"): "there is no claim 'C99'",
        ("lift-c", "v11.mbox", "is_kernel_owned_page", "--compiled", "well"): "--compiled 'well'",
    }
    for words, said in refusals.items():
        status, out, err = racer(*words)
        assert (status, out) == (2, ""), words
        assert said in err, (words, err)


@pytest.mark.quick
def test_a_function_of_another_name_takes_the_place_of_the_version(here: Path) -> None:
    text = with_c_of("v10.c").replace("is_kernel_owned_page", "page_is_the_kernel_s")
    (here / "renamed.c").write_text(text)
    assert split_race(variant="renamed.c:page_is_the_kernel_s").functions
    with pytest.raises(UsageError, match=r"Try: --patch renamed\.c:FUNCTION"):
        split_race(variant="renamed.c")


def head_of(out: str) -> str:
    return " ".join(out.partition("\n\n")[0].split())


def test_the_report_says_which_function_stands_for_what(racer: Run, here: Path) -> None:
    text = with_c_of("v10.c").replace("is_kernel_owned_page", "page_is_the_kernel_s")
    handlable = "static bool HWPoisonHandlable(struct page *page)\n{\n\treturn PageLRU(page);\n}\n"
    (here / "both.c").write_text(f"{text}\n{handlable}")
    explore = ("explore", "free_alloc_free", "--no-count", "--patch")
    out = racer(*explore, "both.c:page_is_the_kernel_s")[1]
    assert head_of(out).endswith(
        "In C: page_is_the_kernel_s() is taken as is_kernel_owned_page(), the classifier. "
        "The model's own: handlable, getting. Not taken: HWPoisonHandlable() of both.c."
    )
    out = racer(*explore, "both.c:HWPoisonHandlable")[1]
    assert head_of(out).endswith(
        "In C: HWPoisonHandlable() is the handlable. The model's own: classifier (v9), getting."
    )


@pytest.mark.quick
@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ("int f(struct page *page)", "it returns int, and the classifier bool"),
        ("bool f(void)", "it has no parameter, and is to be given struct page *"),
        ("bool f(struct page *p, int n, int m)", "it has 3 parameters, and is given 2"),
        (
            "bool f(struct folio *f)",
            "its parameter 1 is struct folio *, and is given struct page *",
        ),
        ("bool f(int pages[])", "its parameter 1 is int *, and is given struct page *"),
        ("struct page *f(struct page *p)", "it returns struct page *, and the classifier bool"),
    ],
)
def test_a_function_that_cannot_be_what_it_is_given_for_is_refused(
    declared: str, why: str, here: Path
) -> None:
    (here / "other.c").write_text(f"static {declared}\n{{\n\treturn 0;\n}}\n")
    with pytest.raises(UsageError) as error:
        split_race(variant="other.c:f")
    assert f"other.c:1 cannot be taken as the classifier: {why}." in str(error.value)


@pytest.mark.quick
def test_c_that_takes_no_step_is_refused_in_words_of_the_c(here: Path) -> None:
    text = "static bool f(struct page *page)\n{\n\treturn false;\n}\n"
    (here / "none.c").write_text(text)
    with pytest.raises(UsageError, match=r"^f\(\) at none\.c:1 takes no step that the model knows"):
        split_race(variant="none.c:f")


@pytest.mark.quick
def test_of_numbers_a_parameter_may_have_another_type(here: Path) -> None:
    text = "static inline bool f(struct page *const p, int n)\n{\n\treturn PageSlab(p) && n;\n}\n"
    (here / "other.c").write_text(text)
    assert split_race(variant="other.c:f").functions


@pytest.mark.quick
def test_what_means_nothing_is_told_where_it_is_explored(racer: Run, here: Path) -> None:
    text = with_c_of("v10.c").replace("PageReserved(page)", "PageStrange(page)")
    (here / "v12.c").write_text(text)
    status, _, err = racer("explore", "split_race", "--patch", "v12.c")
    assert status == 2
    assert "v12.c:8: PageStrange() is in no map" in err
    assert "1 place means nothing to the model." in err
    shipped = "<installed>/scenarios/kernel/page_model.toml"
    missing = f"Write what is missing into scenarios/page_model.toml, which extends {shipped}."
    assert err.splitlines()[-1] == missing
    assert " ".join(racer("lift-c", "v12.c", "is_kernel_owned_page")[1].split()).endswith(missing)
    (here / "scenarios").mkdir()
    own = here / "scenarios" / "page_model.toml"
    entries = '[calls]\nPageStrange = "(await $1.flags.load()).reserved"\nspare = "1"\n'
    own.write_text(f'{entries}[types]\nbool = ["PageStrange"]\n')
    status, out, _ = racer("lift-c", "v12.c", "is_kernel_owned_page")
    assert status == 0
    assert "has [calls] spare, which does not occur" in " ".join(out.split())
    own.write_text('[calls]\nPageOdd = "True"\n')
    _, out, _ = racer("lift-c", "v12.c", "is_kernel_owned_page")
    assert out.rstrip().endswith("Write what is missing into scenarios/page_model.toml.")


def answers(document: str) -> dict[str, str]:
    return {each["claim"]: each["answer"] for each in json.loads(document)["claims"]}


@pytest.mark.parametrize("name", ["C1", pytest.param("C7", marks=pytest.mark.slow)])
def test_claims_are_asked_of_it(name: str, racer: Run, v11: Path) -> None:
    _, by_hand, _ = racer("claims", name, "--json")
    status, in_c, err = racer("claims", name, "--patch", "v11.mbox", "--json")
    assert "In C: is_kernel_owned_page() is the classifier." in err
    # C7 is about v9 and v10, which both fail so: the C of v10 does. C1 is about `headonly`: with a
    # re-read a slab on the old head alone is noticed, so that what it says is not so.
    if name == "C7":
        assert (status, answers(in_c)) == (0, answers(by_hand))
    else:
        assert (status, answers(by_hand), answers(in_c)) == (1, {name: "holds"}, {name: "refuted"})
    assert "answers are of v11.mbox" in err


def test_diff_takes_it_as_a_value(racer: Run, v11: Path) -> None:
    status, out, _ = racer("diff", "split_race", "v10", "v11.mbox", "-o", "out")
    assert status == 0
    assert "ALIKE  the same labels and the same outcomes in both" in out
    assert "In C: is_kernel_owned_page() is the classifier." in head_of(out)


@pytest.mark.quick
def test_which_functions_of_c_it_takes_is_told_in_words(racer: Run, here: Path) -> None:
    _, out, _ = racer("list", "split_race")
    assert "or C, as FILE[:FUNCTION] (see --patch): HWPoisonKernelOwned()," in " ".join(out.split())
    _, out, _ = racer("list", "aba")
    assert "or C" not in out


@pytest.mark.quick
def test_no_parser_of_c_is_loaded_where_no_c_is_read() -> None:
    code = "import sys\nfrom racer.cli import main\n"
    code += "main(['list'])\nprint('tree_sitter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
