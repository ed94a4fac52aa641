"""Are the course's extensions where JupyterLab and its server look, and is there a browser for the tests?"""

import shutil
from pathlib import Path

from jupyter_core.paths import jupyter_config_path, jupyter_path

from grader.doctor.diagnosis import Diagnosis, Status

EXTENSION = "finetuning-course-quiz"
SERVER_EXTENSION = "jupyter_server_config.d/finetuning-course.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def quiz_extension() -> Diagnosis:
    """Looks through the ``labextensions`` folders of this environment."""
    subject = "Quiz extension"
    folders = [Path(path) / EXTENSION for path in jupyter_path("labextensions")]
    if any((folder / "package.json").is_file() for folder in folders):
        return Diagnosis(Status.GOOD, subject, "Installed; JupyterLab and Notebook 7 draw the quizzes.")
    return Diagnosis(
        Status.BAD,
        subject,
        "Not installed, quizzes would show as plain text: pip install -e . in the course's folder.",
    )


def uploads() -> Diagnosis:
    """Only the capstone's own photographs need the server's extension, and can do without."""
    subject = "Uploads"
    if any((Path(folder) / SERVER_EXTENSION).is_file() for folder in jupyter_config_path()):
        return Diagnosis(Status.GOOD, subject, "A JupyterLab of this environment takes 100 MB at once.")
    return Diagnosis(
        Status.WARNING,
        subject,
        "JupyterLab takes 10 MB of your own photographs at once; for more: pip install -e . in the course's "
        "folder, then start JupyterLab again.",
    )


def browser() -> Diagnosis:
    """Only the browser tests need one."""
    subject = "Browser for the tests"
    if any(shutil.which(name) for name in BROWSERS):
        return Diagnosis(Status.GOOD, subject, "Chromium is installed.")
    return Diagnosis(
        Status.WARNING, subject, "No Chromium, the browser tests are skipped: apt-get install chromium."
    )
