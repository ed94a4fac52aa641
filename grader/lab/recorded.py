"""Results that were measured beforehand, by the functions that the lesson runs itself."""

import json
from dataclasses import dataclass

import numpy as np

from grader.course import lesson_file
from grader.errors import CourseError


@dataclass(frozen=True)
class Recorded:
    """The runs of a ``recorded.json``, one dict each, and what they were measured with."""

    runs: list[dict]
    settings: dict
    versions: dict

    def values(self, column: str, **chosen: object) -> np.ndarray:
        """A column of all the runs with the given settings, e.g. ``start="scratch", labels=200``.

        Returns:
            One value a run, in the order of the file: shape ``(runs,)``.

        Raises:
            CourseError: no run has these settings.
        """
        return np.array([self.runs[place][column] for place in self.places(**chosen)])

    def places(self, **chosen: object) -> list[int]:
        """Where in ``runs`` those with the given settings stand.

        Raises:
            CourseError: no run has these settings.
        """
        found = [
            place
            for place, run in enumerate(self.runs)
            if all(run.get(name) == value for name, value in chosen.items())
        ]
        if not found:
            raise CourseError(f"No recorded run has the settings {chosen}.")
        return found

    def settings_of(self, column: str, **chosen: object) -> list:
        """The different values of a column among the runs with the given settings, sorted."""
        return sorted(set(self.values(column, **chosen).tolist()))


def load_recorded(lesson: str) -> Recorded:
    """The recorded results of a lesson.

    Raises:
        CourseError: the file is missing or damaged.
    """
    path = lesson_file(lesson, "recorded.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Recorded(content["runs"], content["settings"], content["versions"])
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path.name} of lesson {lesson} is damaged: fetch the course again.") from error
