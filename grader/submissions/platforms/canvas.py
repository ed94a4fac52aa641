"""Canvas: ``lastnamefirstname[_LATE]_<user>_<attachment>_lesson.ipynb``.

The first number is the user's (``lms_user_id``, the column ID of the gradebook), the second the file's. With
anonymous grading ``anon_<five signs>`` stands for name and user; the signs are of this assignment alone.
"""

import re
from collections.abc import Collection, Sequence

from grader.submissions.download_contents import Download
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

_END = r"_(?:(?P<attachment>[0-9]{1,18})_(?P<file>[^/]+)|(?P<text>(?:text|link)\.html))"
# From the left: a name holds no number between two underscores, the file of a student may.
_NAMED = re.compile(r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<user>[0-9]{1,18})" + _END, re.DOTALL)
_ANONYMOUS = re.compile(r"(?P<early>LATE_)?anon(?P<late>_LATE)?_(?P<user>[A-Za-z0-9]{5})" + _END, re.DOTALL)


class Canvas(Platform):
    """Submissions of an assignment, a file each in one folder."""

    name = "Canvas"
    unnamed = "its name is none that Canvas gives to what a student hands in"

    def reads(self, outermost: str) -> bool:
        return bool(_NAMED.fullmatch(outermost) or _ANONYMOUS.fullmatch(outermost))

    def fits(self, outermost: Collection[str]) -> int:
        found = [match for name in outermost if (match := _match(name, anonymous=False))]
        files = [match["attachment"] for match in found if match["attachment"]]
        # Each file has a number of its own; a year in everybody's name is none.
        return len(found) if len(set(files)) == len(files) else 0

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        names = [outermost(download.name)[0] for download in downloads]
        anonymous = all(_ANONYMOUS.fullmatch(name) for name in names if self.reads(name))
        return [
            [_sender(match, download, anonymous)] if (match := _match(name, anonymous)) else []
            for name, download in zip(names, downloads, strict=True)
        ]


def _match(name: str, anonymous: bool) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) if anonymous else _NAMED.fullmatch(name) or _ANONYMOUS.fullmatch(name)


def _sender(match: re.Match[str], download: Download, anonymous: bool) -> Sender:
    rest = outermost(download.name)[1]
    file = rest.rpartition("/")[2] or match["file"] or match["text"]
    late = bool(match["late"] or match.groupdict().get("early"))
    order = int(match["attachment"] or 0)
    if match.re is _ANONYMOUS:
        return Sender(f"anon-{match['user']}", (), file, match["user"], order=order, late=late)
    # A student may call herself "x_77": then 77 is no user's number, and the file's begins her file's name.
    other = match["attachment"] if re.match(r"[0-9]{4,}_", match["file"] or "") else None
    return Sender(
        match["name"],
        (match["name"],),
        file,
        match["user"],
        other_numbers=(other,) if other else (),
        order=order,
        late=late,
        doubt="where its name ends and its numbers begin can be read in two ways" if other else "",
    )
