"""Files of C, patches between them, and mails that carry those or quote them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

BEFORE = """\
// SPDX-License-Identifier: GPL-2.0
/* Pages, and who has them: { is no bracket here. */
#include <linux/mm.h>

static int limit = 3;

static bool is_used(struct page *page)
{
\tif (page_count(page))
\t\treturn true;
\treturn false;
}

int take(struct page *page, int order)
{
\tint i;

\tfor (i = 0; i < limit; i++) {
\t\tif (!is_used(page))
\t\t\tbreak;
\t}
\tif (i == limit)
\t\treturn -EBUSY;
\tget_page(page);
\treturn 0;
}
"""

OWNED = """\
static bool is_owned(struct page *page)
{
\tstruct page *head;
\tbool owned;

retry:
\thead = compound_head(page);
\towned = PageSlab(head) || PageTable(head);

\tif (head != compound_head(page))
\t\tgoto retry;

\treturn owned;
}

"""
FUNCTION = OWNED.removesuffix("\n")  # as it stands in a file, and 14 lines long

AFTER = BEFORE.replace("int take(", OWNED + "int take(").replace(
    "\tif (i == limit)", "\tif (is_owned(page))\n\t\treturn -EPERM;\n\tif (i == limit)"
)
# Line 14 of the file begins the new function: 13 lines of BEFORE come first.
FIRST = BEFORE.split("\n").index("int take(struct page *page, int order)") + 1


def patch(before: str, after: str, path: str = "mm/use.c", context: int = 3) -> str:
    """A diff as git makes it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
        n=context,
    )
    return f"diff --git a/{path} b/{path}\nindex 0123456..789abcd 100644\n{''.join(lines)}"


def headed(diff: str, heading: str) -> str:
    """The diff with what stands behind the @@ of its last hunk, as git puts it there."""
    begin, mark, end = diff.rpartition(" @@\n")
    return f"{begin} @@ {heading}\n{end}" if mark else diff


def mail(body: str, subject: str = "[PATCH] mm: owned pages", headers: Iterable[str] = ()) -> str:
    own = ["From: A. Uthor <author@example.org>", f"Subject: {subject}"]
    own += ["Date: Tue, 30 Jun 2026 10:00:00 +0000", "Message-ID: <1@example.org>", *headers]
    return "\n".join(own) + f"\n\n{body}"


def posted(diff: str, subject: str = "[PATCH] mm: owned pages") -> str:
    """A mail as git format-patch makes it."""
    body = f"Tell them.\n\nSigned-off-by: A. Uthor\n---\n mm/use.c | 17 +++\n\n{diff}-- \n2.43.0\n"
    return mail(body, subject)


def mailbox(*mails: str) -> str:
    return "".join(f"From git@z Mon Sep 17 00:00:00 2001\n{each}\n" for each in mails)


def quote(text: str) -> list[str]:
    """The lines of a text as a reply has them."""
    return [f"> {line}" if line else ">" for line in text.removesuffix("\n").split("\n")]
