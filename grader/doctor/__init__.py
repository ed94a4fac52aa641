"""The doctor: looks at the environment and says in one sentence each what to mend.

May import: autograde, lab, sandbox.
"""

import os
import sys

from grader.doctor.diagnosis import Diagnosis, Status
from grader.doctor.grading import grading
from grader.doctor.jupyter import browser, quiz_extension, uploads
from grader.doctor.machine import cache, cores, device, python
from grader.doctor.packages import data_packages, requirements
from grader.doctor.pytorch import torch_pair
from grader.lab.waiting import wait_briefly

wait_briefly()  # lesson 0 begins with the doctor, who imports PyTorch

__all__ = ["Diagnosis", "Status", "environment_report", "examine"]

_NEEDED_BY_LESSONS = (python, torch_pair, requirements, data_packages, quiz_extension, cache)
_CHECKS = (
    python,
    torch_pair,
    requirements,
    data_packages,
    quiz_extension,
    uploads,
    cache,
    device,
    cores,
    browser,
)


def examine() -> list[Diagnosis]:
    """All diagnoses, in the order in which they should be mended."""
    return [*(look() for look in _CHECKS), *grading()]


def environment_report() -> str:
    """What the lessons need, a line each: in place, or what to do about it.

    Where all is well it names no versions and no folders, so that every machine prints the same.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":  # in a sandbox, where a look around misleads
        return f"{_sign(Status.GOOD)} The machine that grades"
    diagnoses = [look() for look in _NEEDED_BY_LESSONS]
    return "\n".join(
        f"{_sign(diagnosis.status)} {diagnosis.subject}"
        + ("" if diagnosis.status is Status.GOOD else f": {diagnosis.sentence}")
        for diagnosis in diagnoses
    )


def _sign(status: Status) -> str:
    """The status as a sign that the terminal knows: a Windows code page has no check mark."""
    try:
        str(status).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return {Status.GOOD: "ok", Status.BAD: "no"}.get(status, "!")
    return str(status)
