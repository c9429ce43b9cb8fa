"""The patches of a file: of a mail, of a mailbox with a series and what was said of it, of a diff.

Of a series that was posted again the last version counts, and of a mail that is there twice the
last one. What replies quote is looked at where no mail has the patch itself; what several replies
quote of one hunk is taken from the one that shows most. Whatever is left out is said in a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from racer.c_source.diffs import FileDiff, Hunk, diffs
from racer.c_source.mails import Mail, is_mail, mails, quoted, typed
from racer.c_source.trees import no_patch, text_of
from racer.errors import UsageError

_LONGEST: Final = 200  # patches of a series that are asked for


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch. `quoted`: it is what replies quote of it.

    title  the subject of its mail, or the name of its file
    """

    title: str
    files: tuple[FileDiff, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Patches, in the order in which they are applied, and what was left out of a mailbox."""

    patches: tuple[Patch, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """A mail with what it says of files."""

    mail: Mail
    at: int
    files: list[FileDiff]

    @property
    def paths(self) -> set[str]:
        return {each.path for each in self.files}


@dataclass(slots=True)
class _Sorted:
    """The mails of a mailbox by what they have."""

    patches: list[_Found] = field(default_factory=list)
    answers: list[_Found] = field(default_factory=list)  # replies with a diff of their own
    quoting: list[_Found] = field(default_factory=list)
    errors: list[UsageError] = field(default_factory=list)


def series_of(content: bytes, shown: str) -> Series | None:
    """The patches in a file, or None where it is neither a mail nor a diff.

    Errors   UsageError for a mail without a patch, and for what diffs() refuses.
    """
    if is_mail(content):
        return _of_mails(mails(content), shown)
    found = diffs(typed(text_of(content)), shown)
    if found:
        return Series((Patch(shown, tuple(found)),))
    cited = diffs(quoted(text_of(content)), shown)
    return Series((Patch(shown, tuple(cited), quoted=True),)) if cited else None


def _of_mails(all_mails: Sequence[Mail], shown: str) -> Series:
    found = _sorted(all_mails, shown)
    notes: list[str] = []
    if found.patches:
        for each in found.answers:
            notes.append(f"the diff in {each.mail.subject!r}, a reply, is left out")
    if found.patches or found.answers:
        chosen = _last_versions(found.patches or found.answers, notes)
        notes += _not_there(chosen)
        made = [Patch(_title(each), tuple(each.files)) for each in chosen]
        return Series(tuple(made), tuple(notes))
    if found.quoting:
        chosen = _last_versions(_merged(found.quoting), notes)
        made = [Patch(_title(each), tuple(each.files), quoted=True) for each in chosen]
        return Series(tuple(made), tuple(notes))
    if found.errors:
        raise found.errors[0]
    if all_mails and all(each.html for each in all_mails):
        why = "it is HTML, which keeps no white space"
        raise no_patch(shown, why, "the mail as plain text, as the list's archive has it (raw)")
    one = len(all_mails) == 1
    why = "the mail has none, nor does it quote one" if one else "none of its mails has one"
    raise no_patch(shown, why, "the mail with the patch, or the whole thread as a mailbox")


def _sorted(all_mails: Sequence[Mail], shown: str) -> _Sorted:
    found = _Sorted()
    for at, mail in enumerate(all_mails):
        where = f"{shown}, {mail.subject!r}" if len(all_mails) > 1 else shown
        try:
            own = _once(diffs(typed(mail.text), where))
        except UsageError as error:
            if not mail.is_reply:
                raise
            own = []
            found.errors.append(error)
        if own:
            (found.answers if mail.is_reply else found.patches).append(_Found(mail, at, own))
            continue
        try:
            cited = diffs(quoted(mail.text), where)
        except UsageError as error:
            found.errors.append(error)
            continue
        if cited:
            found.quoting.append(_Found(mail, at, cited))
    return found


def _once(files: list[FileDiff]) -> list[FileDiff]:
    """Without what is there twice: a patch may stand in a mail and be attached to it as well."""
    found: list[FileDiff] = []
    for each in files:
        if each not in found:
            found.append(each)
    return found


def _title(each: _Found) -> str:
    return each.mail.subject or "(a mail without a subject)"


def _last_versions(found: Sequence[_Found], notes: list[str]) -> list[_Found]:
    """Those that count, in the order in which they are applied. A series is left out as a whole
    where one of its patches has files in common with a later version."""
    kept = []
    for each in found:
        version, total = each.mail.version, each.mail.total
        own = [one for one in found if (one.mail.version, one.mail.total) == (version, total)]
        paths = {path for one in own for path in one.paths}
        later = [
            other.mail.version
            for other in found
            if other.mail.version > version and other.paths & paths
        ]
        if later:
            notes.append(f"{_title(each)!r} is left out: v{max(later)} is there as well")
            continue
        again = [
            other
            for other in found
            if other.mail.subject == each.mail.subject != ""
            and other.paths & each.paths
            and (other.mail.sent, other.at) > (each.mail.sent, each.at)
        ]
        if again:
            notes.append(f"{_title(each)!r} is there twice: the last one counts")
            continue
        kept.append(each)
    first: dict[int, int] = {}  # by version, where its series begins
    for each in kept:
        first.setdefault(each.mail.version, each.at)
    return sorted(kept, key=lambda each: (first[each.mail.version], each.mail.number, each.at))


def _not_there(found: Sequence[_Found]) -> Iterator[str]:
    """What a series lacks, by the numbers of its patches."""
    numbers: dict[tuple[int, int], set[int]] = {}
    for each in found:
        numbers.setdefault((each.mail.version, each.mail.total), set()).add(each.mail.number)
    for (version, total), own in numbers.items():
        missing = [number for number in range(1, min(total, _LONGEST) + 1) if number not in own]
        if missing:
            shown = ", ".join(f"{number}/{total}" for number in missing)
            yield f"of v{version} of a series of {total} patches, these are not there: {shown}"


def _merged(found: Sequence[_Found]) -> list[_Found]:
    """One for each patch that is quoted, with as much of every hunk as some reply shows."""
    by_patch: dict[tuple[int, int], _Found] = {}
    for each in found:
        key = (each.mail.version, each.mail.number)
        if key not in by_patch:
            by_patch[key] = each
            continue
        for file in each.files:
            _merge(by_patch[key].files, file)
    return list(by_patch.values())


def _merge(files: list[FileDiff], more: FileDiff) -> None:
    known = next((each for each in files if each.path == more.path), None)
    if known is None:
        files.append(more)
        return
    by_header: dict[str, Hunk] = {each.header: each for each in known.hunks}
    for hunk in more.hunks:
        old = by_header.get(hunk.header)
        if old is None or len(hunk.lines) > len(old.lines):
            by_header[hunk.header] = hunk
    known.hunks = sorted(by_header.values(), key=lambda each: each.old_start)
