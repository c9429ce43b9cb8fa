"""`--certificate FILE`: what makes a PASS checkable by others, written beside the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from racer.artefacts.writing import WrittenPage, unwritten
from racer.catalogue.parameters import Value, show_value
from racer.certificates.making import certificate
from racer.cli.guard import models_print_to_stderr
from racer.errors import RacerError, UsageError
from racer.exploration.result import Result
from racer.files import require_replaceable, shown_path, write_atomically


def write_certificate(
    path: Path, result: Result, reference: str, parameters: Mapping[str, Value]
) -> WrittenPage:
    """Write the certificate of a PASS; its directory is made.

    Errors   none: a failure is part of the answer, because the verdict must still be shown.
    """
    texts = {name: show_value(value) for name, value in parameters.items()}
    try:
        require_replaceable(path, "certificate")  # before it is made, which takes its time
        with models_print_to_stderr():
            text = certificate(result, scenario=reference, parameters=texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode(), "certificate")
    except UsageError as error:
        return WrittenPage(None, f"cannot write {shown_path(path)}: {error}")
    except (OSError, RacerError) as error:
        return WrittenPage(None, unwritten(error, path))
    return WrittenPage(shown_path(path), None)
