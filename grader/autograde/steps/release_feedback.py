"""``nbgrader release_feedback`` for a class that handed in by more than one way."""

import glob
from collections import Counter
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from grader.submissions.untrusted_files import SECRET, TIMESTAMP


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Stands in ``ExchangeFactory.release_feedback``.

    nbgrader publishes a page under a hash of the secret that the student's own ``nbgrader submit`` drew, so
    that nobody else finds it. Its plug-in (0.9.6) ends at the first page that has none, or no timestamp.
    """

    src_path: str  # nbgrader's: a pattern for the folders that are asked for

    def copy_files(self) -> None:
        """Publish the pages of those who handed in through the exchange, and name the others."""
        course = self.coursedir
        pages = course.format_path(course.feedback_directory, "*", course.assignment_id)
        secrets = {folder: _secret(Path(folder)) for folder in glob.glob(pages)}
        owners = Counter(secrets.values())
        excluded = course.student_id_exclude.split(",")
        without, shared = [], []
        for folder in sorted(glob.glob(self.src_path)):
            student = Path(folder).parent.name
            if student in excluded or not any(Path(folder).glob("*.html")):
                continue
            if (secret := secrets[folder]) is None:
                without.append(student)
            elif owners[secret] > 1:
                shared.append(student)
            else:
                # nbgrader only prints what it holds. An empty one means, for nbgrader too, a time unknown.
                (Path(folder) / TIMESTAMP).touch()
                self.src_path = glob.escape(folder)
                super().copy_files()
        self._name(without, f"not handed in through the exchange, or without a {SECRET} that can be read")
        self._name(shared, f"the same {SECRET} as another's, who would find this page")

    def _name(self, students: list[str], reason: str) -> None:
        if students:
            course = self.coursedir
            page = f"{course.feedback_directory}/<student>/{course.assignment_id}/lesson.html"
            self.log.warning(
                "Not released, give them %s yourself (%s): %s", page, reason, ", ".join(students)
            )


def _secret(folder: Path) -> str | None:
    """What nbgrader is going to read; ``None`` where that would fail. A student may have written anything."""
    try:
        return (folder / SECRET).read_text() or None
    except (OSError, UnicodeDecodeError):
        return None
