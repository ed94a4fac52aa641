"""Run the functions of a lesson outside its notebook, to record what the notebook has no time for."""

import importlib.metadata
import json
import os
import platform
from pathlib import Path

import jupytext

from grader.course import SOLUTIONS
from grader.lab.cache import write_whole

TAG = "recorded"


def lesson_functions(lesson: str) -> dict:
    """The names that a lesson's cells tagged "recorded" define, run in order in one namespace.

    These are the cells that the notebook runs, so that recorded and live results cannot drift apart.
    """
    notebook = jupytext.read(SOLUTIONS / lesson / "lesson.py")
    namespace: dict = {"__name__": f"recording_of_{lesson}"}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", []):
            exec(compile(cell.source, f"{lesson}, cell {number}", "exec"), namespace)
    return namespace


class RecordingFile:
    """A ``recorded.json`` that grows run by run, so that an interrupted recording goes on where it was.

    Each run is a dict: the settings that name it, then what was measured.
    """

    def __init__(self, lesson: str, settings: dict, named_by: tuple[str, ...]) -> None:
        self.path: Path = SOLUTIONS / lesson / "recorded.json"
        self._settings, self._named_by = settings, named_by
        self.runs: list[dict] = []
        if self.path.is_file():
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["settings"] == settings:
                self.runs = content["runs"]

    def has(self, **name: object) -> bool:
        """Whether a run with these settings is recorded."""
        return any(all(run[key] == value for key, value in name.items()) for run in self.runs)

    def add(self, run: dict) -> None:
        """Add a run and write the file."""
        self.runs.append(run)
        self.runs.sort(key=lambda run: [str(run[key]).rjust(20) for key in self._named_by])
        content = {
            "settings": self._settings,
            "versions": {
                "python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in ("torch", "torchvision", "timm")},
                "processor_cores": os.cpu_count(),
            },
            "runs": self.runs,
        }
        lines = ",\n".join(f"    {json.dumps(run)}" for run in self.runs)
        head = json.dumps({**content, "runs": []}, indent=2)
        write_whole(self.path, head.replace('"runs": []', f'"runs": [\n{lines}\n  ]').encode() + b"\n")
