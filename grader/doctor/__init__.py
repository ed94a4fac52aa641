"""The doctor: looks at the environment and says in one sentence each what to mend."""

from grader.doctor.diagnosis import Diagnosis, Status
from grader.doctor.jupyter import browser, quiz_extension
from grader.doctor.machine import cache, cores, device, python
from grader.doctor.packages import data_packages, requirements
from grader.doctor.pytorch import torch_pair

__all__ = ["Diagnosis", "Status", "examine"]

_CHECKS = (python, torch_pair, requirements, data_packages, quiz_extension, cache, device, cores, browser)


def examine() -> list[Diagnosis]:
    """All diagnoses, in the order in which they should be mended."""
    return [look() for look in _CHECKS]
