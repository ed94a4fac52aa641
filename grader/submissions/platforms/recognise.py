"""Which platform a download is of: decided once, by its outermost names, before any file is looked at."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.submissions.download_contents import Download
from grader.submissions.person_names import normalised
from grader.submissions.platforms.blackboard import Blackboard
from grader.submissions.platforms.brightspace import Brightspace
from grader.submissions.platforms.canvas import Canvas
from grader.submissions.platforms.gradescope import Gradescope
from grader.submissions.platforms.moodle import Moodle
from grader.submissions.platforms.plain import Plain
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sakai import Sakai

PLATFORMS: tuple[Platform, ...] = (
    Moodle(),
    Blackboard(),
    Brightspace(),
    Sakai(flat=True),
    Sakai(flat=False),
    Gradescope(),
    Canvas(),
)


@dataclass(frozen=True)
class Recognised:
    """A download as its platform wrote it.

    Attributes:
        root: the folder around everything that was taken off the names, "" if there is none.
        certain: whether the platform is known; otherwise names are guessed.
    """

    platform: Platform
    downloads: list[Download]
    root: str
    certain: bool


def recognise(
    downloads: Sequence[Download], source: str, lesson: str, knows: Callable[[str], bool] | None
) -> Recognised:
    """The platform, after a folder around everything is taken off.

    Args:
        source: name of the zip or folder, without its ending.
        knows: whether somebody of the roster has this name; ``None`` without a roster.
    """
    usual = {normalised(re.sub(r" ?\(\d+\)$", "", name)) for name in (source, lesson, "submitted")}
    root = ""
    while True:
        names = {outermost(download.name)[0] for download in downloads}
        if (platform := _platform(names)) is not None:
            return Recognised(platform, list(downloads), root, certain=True)
        if not _is_wrapped(downloads, usual, knows):
            return Recognised(Plain(lesson), list(downloads), root, certain=False)
        root += f"{names.pop()}/"
        downloads = [
            replace(one, name=outermost(one.name)[1], opened=outermost(one.opened)[1]) for one in downloads
        ]


def _platform(names: Iterable[str], at_least: float = 0.5) -> Platform | None:
    """The one that most names are of; an instructor's own files may lie beside them."""
    students = [name for name in names if not any(platform.is_own(name) for platform in PLATFORMS)]
    best = max(PLATFORMS, key=lambda platform: platform.fits(students))
    return best if students and best.fits(students) >= at_least * len(students) else None


def _is_wrapped(downloads: Sequence[Download], usual: set[str], knows: Callable[[str], bool] | None) -> bool:
    """Is there one folder around everything that is not a student's?"""
    roots = {outermost(download.name)[0] for download in downloads}
    if len(roots) != 1 or not all("/" in download.name for download in downloads):
        return False
    [root] = roots
    if any(download.opened == root for download in downloads):
        return False  # a zip among the files is a student's, and what she packs into it is her choice
    below = {outermost(outermost(download.name)[1])[0] for download in downloads}
    if knows is not None:
        if knows(root):
            return False
        if all(knows(name) or knows(PurePosixPath(name).stem) for name in below):
            return True
    return normalised(root) in usual or _platform(below, at_least=1) is not None
