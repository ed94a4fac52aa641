"""Files that are named after students: ``ada.ipynb``, ``ada.zip``, ``ada/[<lesson>/]lesson.ipynb``."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from grader.submissions.download_contents import Download
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender
from grader.submissions.usual_names import is_named_like_the_lesson


class Plain(Platform):
    """No platform that is known here: the outermost name is taken for the student's.

    Args:
        lesson: such as ``02_freezing``; it is no student's name.
    """

    name = "plain files"
    unnamed = "its name does not say who handed it in"

    def __init__(self, lesson: str) -> None:
        self.lesson = lesson

    def reads(self, outermost: str) -> bool:
        return not is_named_like_the_lesson(PurePosixPath(outermost).stem, self.lesson)

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        return [self._sender(download.name) for download in downloads]

    def _sender(self, path: str) -> list[Sender]:
        first, rest = outermost(path)
        name = first if rest else PurePosixPath(first).stem
        if is_named_like_the_lesson(name, self.lesson):
            return []
        return [Sender(name, (name,), path.rpartition("/")[2])]
