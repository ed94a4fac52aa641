"""Who handed a file in, as learning platforms write it into the file's name."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

# Moodle: "Full Name_<number>_assignsubmission_file_", a folder or the beginning of the file's name.
_MOODLE = re.compile(
    r"^(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.*)$"
)
# Canvas: "lastnamefirstname_<user>_<file number>_name.ipynb", with LATE in between where it was late.
_CANVAS = re.compile(r"^(?P<name>[^/_]+?)(?:_LATE)?_(?P<number>\d+)_(?P<other>\d+)_(?P<file>[^/]+)$")
# Blackboard: "Assignment_username_attempt_2026-01-31-23-59-00_name.ipynb".
_BLACKBOARD = re.compile(
    r"^(?:.*_)?(?P<name>[^_/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>[^/]+))?(?:\.(?P<end>\w+))?$"
)
_AGAIN = re.compile(r"(?:[-_ ](\d{1,3})| \((\d{1,3})\))$")  # lesson-2.ipynb, lesson (2).ipynb


@dataclass(frozen=True)
class Sender:
    """As the name of a download tells it.

    Attributes:
        name: of the student, as the platform writes it.
        number: the platform's number of the student, "" where there is none.
        file: the file's own name.
        attempt: larger is later; compared within one student only.
    """

    name: str
    number: str
    file: str
    attempt: tuple[str, int]


def sender_of(name: str, lesson: str) -> Sender | None:
    """Who handed in the file of this name; ``None`` if the name does not say it."""
    # What is wrapped around everything, such as one folder of the zip's own name.
    parts = PurePosixPath(name).parts
    for start in range(len(parts)):
        rest = "/".join(parts[start:])
        if found := _MOODLE.match(rest) or _CANVAS.match(rest) or _BLACKBOARD.match(rest):
            groups = found.groupdict()
            file = PurePosixPath(groups.get("file") or rest).name
            return Sender(
                groups["name"], groups.get("number") or "", file, (groups.get("time") or "", _again(file))
            )
    return _plain(parts, lesson)


def normalised(name: str) -> str:
    """Letters and digits alone, lower case, without accents: how names are compared."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in plain.casefold() if sign.isalnum())


def as_student_id(name: str) -> str:
    """A name as nbgrader's id of a student: no folder, no blank, nothing hidden."""
    kept = "".join(sign if sign.isalnum() or sign in "-_.@+" else "-" for sign in name.strip())
    return kept.strip("-.")[:80]


def _plain(parts: tuple[str, ...], lesson: str) -> Sender | None:
    """student/lesson/lesson.ipynb, student/lesson.ipynb, student.ipynb."""
    file = parts[-1]
    if len(parts) == 1:
        stem = PurePosixPath(file).stem
        return None if stem in ("lesson", lesson) else Sender(stem, "", file, ("", 0))
    folders = [part for part in parts[:-1] if part != lesson]
    return Sender(folders[-1], "", file, ("", _again(file))) if folders else None


def _again(file: str) -> int:
    found = _AGAIN.search(PurePosixPath(file).stem)
    return int(found[1] or found[2]) if found else 0
