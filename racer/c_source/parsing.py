"""C text as syntax trees: without its headers, so that what stands in a patch will do.

The grammar knows neither the kernel's attributes nor which branch of an #if is compiled. Before it
reads a text, comments, directives and attributes are blanked at equal length, so every position
stays that of the text. Which branches of #if are kept follows from a configuration; one that it
does not decide is told, and of that the first branch is kept.

tree-sitter is imported here, and only when C is read: it costs what a command takes to start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from racer.c_source.inputs import FunctionText
from racer.errors import UsageError

if TYPE_CHECKING:
    from tree_sitter import Node

_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*)
      | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
      | (?P<word>[A-Za-z_]\w*)""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
# What says something to the compiler or to sparse, and nothing of what is done.
_ATTRIBUTES: Final = frozenset(
    (
        *(
            "__always_inline",
            "__inline",
            "noinline",
            "noinline_for_stack",
            "__must_check",
            "__init",
        ),
        *("__exit", "__meminit", "__ref", "__cold", "__hot", "__sched", "__lockfunc", "asmlinkage"),
        *("notrace", "noinstr", "__maybe_unused", "__always_unused", "__used", "__weak", "__pure"),
        *(
            "__user",
            "__rcu",
            "__percpu",
            "__iomem",
            "__force",
            "__kernel",
            "__private",
            "__cpuidle",
        ),
        *("__read_mostly", "__ro_after_init", "__cacheline_aligned", "__visible", "__net_init"),
        *("__no_kcsan", "__no_sanitize_address", "__flatten", "nokprobe_inline", "__bpf_kfunc"),
        *("inline_for_performance", "__no_context_analysis", "__latent_entropy", "__deprecated"),
    )
)
_WITH_ARGUMENTS: Final = frozenset(
    (
        *(
            "__attribute__",
            "__acquires",
            "__releases",
            "__must_hold",
            "__cond_acquires",
            "__printf",
        ),
        *("__aligned", "__section", "__no_sanitize", "__counted_by", "__alloc_size", "__context__"),
        *("__acquires_shared", "__releases_shared", "__must_hold_shared", "__guarded_by"),
    )
)
_DIRECTIVE: Final = re.compile(r"[ \t]*#[ \t]*(\w*)[ \t]*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A directive that nothing decides, or that cannot be followed."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function, with its tree.

    line       the one of its name
    parameters its names for them, in order
    unknown    of what the grammar makes nothing: line and text
    undecided  directives within it that the configuration says nothing of
    """

    name: str
    text: FunctionText
    node: Node
    line: int
    parameters: tuple[str, ...]
    unknown: tuple[Undecided, ...]
    undecided: tuple[Undecided, ...]

    def line_of(self, node: Node) -> int:
        """The line of the file where a node begins."""
        return self.text.first + node.start_point[0]

    def parameter_nodes(self) -> list[Node]:
        """The declarations of its parameters that have a name."""
        head = self.node.child_by_field_name("declarator")
        while head is not None and head.type != "function_declarator":
            head = head.child_by_field_name("declarator")
        listed = head.child_by_field_name("parameters") if head is not None else None
        return [each for each in listed.named_children if declared_name(each)] if listed else []

    def body(self) -> Node:
        """What stands in its brackets."""
        found = self.node.child_by_field_name("body")
        assert found is not None
        return found


def parsed(text: FunctionText, config: Mapping[str, bool] | None = None) -> Function:
    """The function with its tree.

    config  of CONFIG_... and other names that #if, #ifdef and #ifndef ask for: whether they are set

    Errors  UsageError where the grammar finds no function in the text.
    """
    from tree_sitter import Language, Parser
    from tree_sitter_c import language

    blanked, undecided = blank(text.text, text.first, config or {})
    tree = Parser(Language(language())).parse(blanked.encode())
    for node in tree.root_node.children:
        found = _function(text, node, undecided) if node.type == "function_definition" else None
        if found is not None:
            return found
    raise UsageError(
        f"{text.path}:{text.first}: the grammar of C finds no function in the lines {text.first} "
        f"to {text.last}, which begin with {text.text.splitlines()[0].strip()!r}.\n"
        f"Usual cause: a macro that makes the function.\n"
        f"Try: a copy of the file with that written out."
    )


def text_of(node: Node) -> str:
    """What stands in the text, with one blank for any white space."""
    return " ".join((node.text or b"").decode(errors="replace").split())


def _function(text: FunctionText, node: Node, undecided: list[Undecided]) -> Function | None:
    head = node.child_by_field_name("declarator")
    while head is not None and head.type != "function_declarator":
        head = head.child_by_field_name("declarator")
    name = head and head.child_by_field_name("declarator")
    listed = head and head.child_by_field_name("parameters")
    if name is None or listed is None or node.child_by_field_name("body") is None:
        return None
    return Function(
        name=text_of(name),
        text=text,
        node=node,
        line=text.first + name.start_point[0],
        parameters=tuple(
            found
            for each in listed.named_children
            if each.type == "parameter_declaration" and (found := declared_name(each))
        ),
        unknown=tuple(_unknown(text.first, node)),
        undecided=tuple(undecided),
    )


def _unknown(first: int, node: Node) -> Iterator[Undecided]:
    if not node.has_error:
        return
    if is_before_block(node):
        return
    if node.type == "ERROR" or node.is_missing:
        text = text_of(node) or f"{node.type!r} is missing"
        yield Undecided(first + node.start_point[0], text)
        return
    for child in node.children:
        yield from _unknown(first, child)


def is_before_block(node: Node) -> bool:
    """Whether it is a macro that a block follows, such as `scoped_guard(rcu) {`: to the grammar a
    call whose semicolon is missing."""
    if node.type != "expression_statement" or not node.children[-1].is_missing:
        return False
    following = node.next_named_sibling
    return (
        node.children[0].type == "call_expression"
        and following is not None
        and following.type == "compound_statement"
    )


def declared_name(node: Node) -> str:
    """The name that a declaration declares; empty for none, as of `void`."""
    found = node if node.type == "identifier" else node.child_by_field_name("declarator")
    while found is not None and found.type not in ("identifier", "field_identifier"):
        inner = found.child_by_field_name("declarator")
        if inner is None and found.type == "parenthesized_declarator":
            inner = found.named_children[0] if found.named_children else None
        found = inner
    return text_of(found) if found is not None else ""


# What is blanked.


@dataclass(slots=True)
class _Branches:
    """An #if that is open: whether what encloses it is kept, and this branch; and whether one was
    kept before."""

    outer: bool
    kept: bool
    done: bool


@dataclass(slots=True)
class _Blanking:
    config: Mapping[str, bool]
    undecided: list[Undecided] = field(default_factory=list)
    open: list[_Branches] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        return self.open[-1].kept and self.open[-1].outer if self.open else True

    def directive(self, text: str, line: int) -> None:
        found = _DIRECTIVE.match(text)
        name, rest = (found[1], found[2]) if found else ("", "")
        rest = re.sub(r"/\*.*?\*/|//.*", " ", rest, flags=re.DOTALL).replace("\\\n", " ").strip()
        if name in ("if", "ifdef", "ifndef"):
            outer = self.keeps
            kept = self._decided(name, rest, line) if outer else False
            self.open.append(_Branches(outer, kept, kept))
        elif name in ("elif", "else") and self.open:
            branch = self.open[-1]
            branch.kept = not branch.done and (name == "else" or self._decided("if", rest, line))
            branch.done |= branch.kept
        elif name == "endif" and self.open:
            self.open.pop()
        elif name in ("define", "undef") and self.keeps:
            self.undecided.append(Undecided(line, " ".join(text.split())))

    def _decided(self, name: str, rest: str, line: int) -> bool:
        value = _condition(rest, self.config) if name == "if" else self.config.get(rest)
        if value is None:
            self.undecided.append(Undecided(line, f"#{name} {rest}"))
            return True
        return not value if name == "ifndef" else value


def _condition(text: str, config: Mapping[str, bool]) -> bool | None:
    """What an #if comes to; None where the configuration does not say."""
    python: list[str] = []
    for token in re.findall(r"defined|IS_ENABLED|\w+|&&|\|\||!=|==|[!()<>=]+|\S", text):
        if token in ("defined", "IS_ENABLED"):
            continue
        known = {"&&": "and", "||": "or", "!": "not", "(": "(", ")": ")"}.get(token)
        if known is None and re.fullmatch(r"\d+", token):
            known = str(bool(int(token)))
        if known is None and token in config:
            known = str(config[token])
        if known is None:
            return None
        python.append(known)
    try:
        return bool(eval(" ".join(python), {"__builtins__": {}}))
    except Exception:
        return None


def blank(text: str, first: int, config: Mapping[str, bool]) -> tuple[str, list[Undecided]]:
    """The text with blanks for comments, directives, attributes, and what an #if leaves out; and
    the directives that could not be followed."""
    parts: list[str] = []
    at = 0
    blanking = _Blanking(config)

    def take(until: int, *, keep: bool) -> None:
        nonlocal at
        piece = text[at:until]
        parts.append(piece if keep else _blanks(piece))
        at = until

    for found in _TOKEN.finditer(text):
        if found.start() < at:
            continue  # within the arguments of an attribute
        take(found.start(), keep=blanking.keeps)
        if found["directive"]:
            blanking.directive(found[0], first + text.count("\n", 0, found.start()))
            take(found.end(), keep=False)
        elif found["comment"] or found["word"] in _ATTRIBUTES:
            take(found.end(), keep=False)
        elif found["word"] in _WITH_ARGUMENTS:
            end = _behind_arguments(text, found.end())
            # What is done when a local goes out of scope is no remark: the grammar will refuse it.
            take(end, keep="cleanup" in text[found.end() : end])
        else:
            take(found.end(), keep=blanking.keeps)
    take(len(text), keep=blanking.keeps)
    return "".join(parts), blanking.undecided


def _blanks(text: str) -> str:
    """As many bytes in UTF-8, so that positions are kept."""
    return re.sub(rb"[^\n]", b" ", text.encode()).decode()


def _behind_arguments(text: str, at: int) -> int:
    found = re.compile(r"\s*\(").match(text, at)
    if found is None:
        return at
    depth, at = 1, found.end()
    while at < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at
