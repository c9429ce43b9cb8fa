"""`racer list`: every scenario in a few lines, or one of them in words."""

from __future__ import annotations

from collections.abc import Iterator

from racer.artefacts.naming import shell_word
from racer.catalogue.discovery import Catalogue, Found, catalogue, find, origin_text
from racer.catalogue.parameters import Parameter, marked_what_if, show_value
from racer.catalogue.scenario import Expected
from racer.catalogue.told import parameter_text, question
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.statuses import OK, USAGE
from racer.errors import RacerError
from racer.viz.wrapping import filled


def list_command(reference: str | None, *, json: bool) -> int:
    """Every scenario with its summary and parameters, or one of them in words."""
    if json:
        return _list_document(reference)
    return _list_scenarios() if reference is None else _list_scenario(reference)


def _list_scenarios() -> int:
    """Files that do not load are told on stderr."""
    with models_print_to_stderr():
        known = catalogue()
    blocks = [_listed(each) for each in known.found]
    emit("\n\n".join(blocks) if blocks else "no scenarios")
    for broken in known.broken:
        complain(f"error: {broken.error}")
    return USAGE if known.broken else OK


def _list_document(reference: str | None) -> int:
    """The same for a program, with what each scenario declares; what fails stands in it, too."""
    from racer.viz.documents.listing import list_document

    with models_print_to_stderr():
        known = catalogue() if reference is None else Catalogue((find(reference),), ())
        listed: list[tuple[Found, Expected | None]] = []
        errors = [each.error for each in known.broken]
        for found in known.found:
            declared = None
            try:
                declared = found.scenario.expected()
            except RacerError as error:
                errors.append(str(error))
            listed.append((found, declared))
    emit(list_document(listed, errors))
    for text in errors:
        complain(f"error: {text}")
    return USAGE if errors else OK


def _list_scenario(reference: str) -> int:
    """One scenario: what it asks, and each parameter and value in words."""
    with models_print_to_stderr():
        found = find(reference)
        declared = found.scenario.expected()
    scenario = found.scenario
    parts = ["\n".join(_head(found))]
    if question(scenario):
        parts.append(filled(f"Question: {question(scenario)}", "  "))
    parts += ["\n".join(_told(found, parameter)) for parameter in scenario.parameters]
    if declared is not None:
        shown = ", ".join(declared.labels)
        verdict = f"{declared.verdict}: {shown}" if shown else declared.verdict
        because = f" ({declared.reason})" if declared.reason else ""
        parts.append(filled(f"By default it is declared to {verdict}{because}.", "  "))
    parts.append(f"racer explore {shell_word(found.reference)}")
    emit("\n\n".join(parts))
    return OK


def _head(found: Found) -> Iterator[str]:
    beside = not found.installed and "::" not in found.reference
    yield found.reference + (f"  ({origin_text(found)})" if beside else "")
    if found.scenario.summary:
        yield f"  {found.scenario.summary}"


def _listed(found: Found) -> str:
    scenario = found.scenario
    lines = [*_head(found)]
    settings = [_setting(each) for each in scenario.parameters]
    width = max((len(setting) for setting in settings), default=0)
    lines += [
        f"    {setting:{width}}  {parameter.type_text}"
        for setting, parameter in zip(settings, scenario.parameters, strict=True)
    ]
    return "\n".join(lines)


def _setting(parameter: Parameter) -> str:
    return f"{parameter.name}={show_value(parameter.default)}"


def _told(found: Found, parameter: Parameter) -> Iterator[str]:
    """A parameter with its default in words, and below it every value that has some; else what it
    may be."""
    text = parameter_text(found.scenario, parameter.name)
    if parameter.configured:
        text = f"{text}; a system has one of these".removeprefix("; ")
    yield filled(f"{_setting(parameter)}  {text}".rstrip(), "  ", hang=6)
    told = [value for value in parameter.choices if parameter.meaning(value)]
    if not told:
        yield f"    {parameter.type_text}"
    width = max((len(show_value(value)) for value in told), default=0)
    for value in told:
        words = parameter.meaning(value)
        if parameter.is_what_if(value):
            words = marked_what_if(words)
        yield filled(f"{show_value(value):{width}}  {words}", "    ", hang=width + 6)
    if parameter.in_c is not None:
        known = parameter.in_c.known_names()
        yield filled(f"or C, as FILE[:FUNCTION] (see --patch): {known}", "    ", hang=6)
