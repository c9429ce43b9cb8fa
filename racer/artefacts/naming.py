"""What a case is called: in titles, in names of files, and in commands for a shell."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from racer.catalogue.parameters import Value, show_parameters, show_value, what_if_text
from racer.catalogue.scenario import Scenario
from racer.exploration.wanted import Sample
from racer.viz.wrapping import WIDTH
from racer.words.printable import safe_line

DEFAULT_MEMORY: Final = "sc"  # what --memory is without being given
_NAME_LIMIT = 60
_SETTINGS_LIMIT = 100


def case_name(scenario: Scenario, parameters: Mapping[str, Value], memory: str) -> str:
    """The name of files about a case: that of the scenario, and what differs from the defaults.

    So no case of a scenario overwrites another's: split_race.variant=headonly.
    """
    name = file_name(scenario.name)
    told = told_settings(scenario, parameters, memory)
    plain = {each: re.sub(r"[^A-Za-z0-9_+-]+", "-", value) for each, value in told.items()}
    settings = ",".join(f"{each}={value}" for each, value in plain.items())
    if plain != told or len(settings) > _SETTINGS_LIMIT:
        settings = f"{settings[:_SETTINGS_LIMIT]}-{digest(repr(told))}"
    return f"{name}.{settings}" if settings else name


def told_settings(
    scenario: Scenario, parameters: Mapping[str, Value], memory: str
) -> dict[str, str]:
    """What tells a case from that by default: parameters, and the memory model."""
    changed = changed_parameters(scenario, parameters)
    told = {name: show_value(value) for name, value in changed.items()}
    return {**told, **told_memory(memory)}


def told_memory(memory: str) -> dict[str, str]:
    """The memory model, if it is not the one that is taken without being given."""
    return {} if memory == DEFAULT_MEMORY else {"memory": memory}


def case_title(scenario: Scenario, parameters: Mapping[str, Value], memory: str) -> str:
    """What a picture is of, in one line; the parameters that are what-ifs stand there again."""
    what_if = what_if_text(scenario.what_ifs(parameters))
    parts = (scenario.name, show_parameters(parameters), f"memory={memory}", what_if)
    return "  ".join(part for part in parts if part)


def changed_parameters(scenario: Scenario, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters that are not at their defaults."""
    defaults = {each.name: each.default for each in scenario.parameters}
    return {name: value for name, value in parameters.items() if value != defaults.get(name)}


def identity(scenario: str, parameters: Mapping[str, Value], memory: str) -> str:
    """What tells one case from another: `scenario` is its reference, as witnesses have it."""
    said = (show_parameters(parameters), f"memory={memory}", scenario)
    return " ".join(part for part in said if part)


def explore_command(
    scenario: Scenario,
    reference: str,
    parameters: Mapping[str, Value],
    memory: str,
    *,
    named: str | None = None,
) -> list[str]:
    """The words of what explores it again, without the parameters that are at their defaults.

    Of these `named` is told all the same, if there is one of that name.
    """
    words = ["racer", "explore", reference]
    told = {named, *changed_parameters(scenario, parameters)}
    for name, value in parameters.items():
        if name in told:
            words += ["--set", show_parameters({name: value})]
    if memory != DEFAULT_MEMORY:
        words += ["--memory", memory]
    return words


def sample_words(sample: Sample | None) -> list[str]:
    """The words that draw the same runs again; none for a search."""
    if sample is None:
        return []
    words = ["--sample", sample.method, "--runs", str(sample.runs), "--seed", str(sample.seed)]
    return [*words, "--depth", str(sample.depth)] if sample.method == "pct" else words


def replay_command(witness: str) -> str:
    """What replays a witness file, for a shell."""
    return f"racer replay {shell_word(witness)}"


def shell_word(text: str) -> str:
    """Text as a word for a shell; what cannot be seen is spelled out, as in a mail."""
    return shlex.quote(text) if safe_line(text) == text else _quoted(text)


def mailed_command(words: Sequence[str]) -> str:
    """Words for a shell, in lines of at most 72 columns of 7-bit characters, which it joins again.

    A line does not end between an option and its value, if both fit on one.
    Other characters need a shell that knows $'...': bash, zsh, or any of POSIX 2024.
    """
    whole = " ".join(map(_quoted, words))
    if len(whole) <= WIDTH:
        return whole
    lines: list[str] = []
    for word, value in zip_longest(words, words[1:], fillvalue=""):
        quoted = _quoted(word)
        with_value = f"{quoted} {_quoted(value)}" if word.startswith("--") else quoted
        if len(with_value) > WIDTH - len(" \\"):
            with_value = quoted  # what is longer than a line begins where there is room
        if lines and len(lines[-1]) + 1 + len(with_value) <= WIDTH - len(" \\"):
            lines[-1] += f" {quoted}"
        else:
            lines.append(_in_pieces(word))
    return " \\\n".join(lines)


def _in_pieces(word: str) -> str:
    """A word for a shell; one that is longer than a line, in several."""
    lines, piece = [], ""
    for character in word:
        if len(_quoted(piece + character)) > WIDTH - len(" \\"):
            lines.append(_quoted(piece))
            piece = ""
        piece += character
    return "\\\n".join([*lines, _quoted(piece)])


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    octal = (
        chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f"$'{''.join(octal)}'"


def file_name(name: str) -> str:
    """A scenario's name as part of a file name: a Python identifier is itself."""
    return name if name.isidentifier() and len(name) <= _NAME_LIMIT else file_label(name)


def file_label(label: str) -> str:
    """A label as part of a file name, different for different labels.

    A label of plain characters is itself; any other keeps those it has, and gets a digest.
    """
    plain = _plain(label)
    return plain if plain == label else f"{plain or 'label'}-{digest(label)}"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:_NAME_LIMIT].strip("-")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
