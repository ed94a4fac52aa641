"""The authoring room: a lesson's sources become an executed solution notebook and the students' release.

``lesson.py`` + ``quiz.yaml`` + ``answers.py`` → ``checks.json``, ``quiz.json`` and ``lesson.ipynb``
beside them → ``notebooks/<lesson>/``, by nbgrader's own ``GenerateAssignment``.

May import: exercises, quiz, lab.
"""

from grader.authoring.lesson import Built, build_lesson
from grader.authoring.stale import stale
from grader.lesson_folder import LessonFolder

__all__ = ["Built", "LessonFolder", "build_lesson", "stale"]
