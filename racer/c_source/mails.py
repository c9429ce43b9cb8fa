"""Mails, and mailboxes of them: the text of each, as it was typed, and who quoted what.

Bodies are decoded (base64, quoted-printable, character sets), format=flowed is undone (RFC 3676),
and parts that are attached as text, or as *.patch and *.diff, follow the body. HTML is no source of
a patch: it keeps no white space.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Final

from racer.errors import UsageError

_SEPARATOR: Final = re.compile(
    rb"^From \S[^\n]* (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d [^\n]*\d{4}[ \t]*\n",
    re.MULTILINE,
)
_HEADER: Final = re.compile(rb"[!-9;-~]+:[ \t\r\n]")
_OF_MAILS: Final = re.compile(rb"^(from|subject|date|message-id|received):", re.I | re.M)
_SUBJECT: Final = re.compile(r"\[([^\]]*\b(?:PATCH|RFC|RESEND)\b[^\]]*)\]", re.IGNORECASE)
_VERSION: Final = re.compile(r"\bv(\d+)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\b(\d+)/(\d+)\b")
_REPLY: Final = re.compile(r"\s*(re|aw|fwd?|sv)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail.

    subject   in one line
    text      the body and what is attached as text, in lines that end in "\n"
    version   of a series: 10 of [PATCH v10 1/2], 1 where none is said
    number    1 of 1/2; 0 of a cover letter, and where there is one mail only
    total     2 of 1/2; 0 where there is one mail only
    is_reply  its subject says so
    sent      when, in seconds of Unix; 0 where it does not say
    html      it has nothing but HTML
    """

    subject: str
    text: str
    version: int
    number: int
    total: int
    is_reply: bool
    html: bool
    sent: float


# A line of a diff that begins with one blank: of a mail whose lines are stuffed it has two.
_NOT_STUFFED: Final = re.compile(r"^@@ -\d(?:.*\n)+? (?! |>|From |\n|\Z)", re.MULTILINE)


def is_mail(content: bytes) -> bool:
    """Whether a file begins as a mail does, or a mailbox: with headers."""
    start = content.lstrip(b"\xef\xbb\xbf\r\n")
    if _SEPARATOR.match(start.replace(b"\r\n", b"\n")[:1000]):
        return True
    head = start.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0][:20_000]
    return _HEADER.match(start) is not None and len(_OF_MAILS.findall(head)) >= 2


def mails(content: bytes) -> list[Mail]:
    """The mails of a mailbox, or the one that the file is."""
    return [_mail(each) for each in _messages(content.replace(b"\r\n", b"\n"))]


def _messages(content: bytes) -> Iterator[bytes]:
    """A line "From WHO Tue Jun 30 10:00:00 2026" begins one."""
    starts = list(_SEPARATOR.finditer(content))
    if not starts:
        yield content.lstrip(b"\xef\xbb\xbf\n")
        return
    ends = [*(found.start() for found in starts[1:]), len(content)]
    for found, end in zip(starts, ends, strict=True):
        yield content[found.end() : end]


def _mail(content: bytes) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    subject = " ".join(str(_header(message, "subject")).split())
    tag = _SUBJECT.search(subject)
    version = _VERSION.search(tag[1]) if tag else None
    number = _NUMBER.search(tag[1]) if tag else None
    texts, kinds = [], []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), str(part.get_filename() or "")
        kinds.append(kind)
        plain = kind.startswith("text/") and kind != "text/html"
        if plain or name.endswith((".patch", ".diff")):
            texts.append(_decoded(part))
    return Mail(
        subject=subject,
        text="".join(texts),
        version=int(version[1]) if version else 1,
        number=int(number[1]) if number else 0,
        total=int(number[2]) if number else 0,
        is_reply=_REPLY.match(subject) is not None,
        html=not texts and "text/html" in kinds,
        sent=_sent(message),
    )


def _sent(message: EmailMessage) -> float:
    try:
        return parsedate_to_datetime(str(_header(message, "date"))).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return 0.0


def _header(message: EmailMessage, name: str) -> str:
    """A header that is not well formed is an error of email's, of more than one kind."""
    try:
        return message.get(name, "")
    except Exception:
        return ""


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else str(payload).encode(errors="replace")
    try:
        text = content.decode(part.get_content_charset("utf-8"), errors="strict")
    except (LookupError, UnicodeDecodeError):
        text = content.decode("utf-8", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).lower() == "flowed":
        if _NOT_STUFFED.search(text):
            raise UsageError(
                "a mail says format=flowed, and the lines of its diff are not what that asks for: "
                "read so, each that begins with a blank loses it (RFC 3676, 4.4).\n"
                "Usual cause: a program sent a patch as text that may be wrapped.\n"
                "Try: the patch as git made it, or the mail without `format=flowed` in its header."
            )
        text = unflowed(text, delsp=str(part.get_param("delsp", "")).lower() == "yes")
    return text if text.endswith("\n") else f"{text}\n"


def unflowed(text: str, *, delsp: bool = False) -> str:
    """Lines that were wrapped to be joined again, joined, and what was stuffed before them removed.

    A line that consists of blanks alone is left as it is: in a patch that is an empty line, where
    for RFC 3676 it would be joined with the next.

    Source   RFC 3676, sections 4.1 to 4.5.
    """
    lines: list[str] = []
    joined_to: str | None = None  # the quote marks of the line that goes on, if it does
    for line in text.split("\n"):
        rest = line.lstrip(">")
        quote = ">" * (len(line) - len(rest))
        rest = rest[1:] if rest.startswith(" ") else rest
        goes_on = rest.endswith(" ") and rest != "-- " and rest.strip() != ""
        own = rest[:-1] if goes_on and delsp else rest
        if joined_to == quote and rest != "-- ":
            lines[-1] += own
        else:
            lines.append(f"{quote} {own}" if quote and own else quote + own)
        joined_to = quote if goes_on else None
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, and in which run of lines it stands that nothing was typed between."""

    text: str
    run: int = 0


_QUOTED: Final = re.compile(
    r"^([ \t]{0,2}(?:[>|][ \t]?)+)(?:diff --git |--- \S|@@ -\d)", re.MULTILINE
)


def typed(text: str) -> list[Line]:
    """The lines of a text as they stand."""
    return [Line(each) for each in text.split("\n")]


def quoted(text: str) -> list[Line]:
    """The lines of the patch that a reply quotes, the marks before them removed; else none.

    The marks are those that stand before the patch's own first lines. What is quoted by several is
    read where it has the fewest of them.
    """
    marks = {found[1] for found in _QUOTED.finditer(text)}
    for mark in sorted(marks, key=lambda each: (len(each), each)):
        if f"\n{mark}@@ -" in f"\n{text}":
            return list(_with_mark(text, mark))
    return []


def _with_mark(text: str, mark: str) -> Iterator[Line]:
    run, inside = 0, False
    for line in text.split("\n"):
        if line.startswith(mark):
            own: str | None = line[len(mark) :]
            own = None if own is not None and own.startswith(">") else own  # quoted once more
        else:
            own = "" if line == mark.rstrip() else None
        if own is not None:
            run += not inside
            yield Line(own, run)
        inside = own is not None
