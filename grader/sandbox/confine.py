"""Confine the calling process as it was told: the one step between a fork and a student's code."""

import os

from grader.sandbox import landlock, namespaces
from grader.sandbox import system_calls as system
from grader.sandbox.confinement import Confinement, apply_limits, enter_cgroups


def confine(confinement: Confinement) -> None:
    """Returns in the confined process, which may be a descendant of the calling one.

    Raises:
        OSError: the system does not allow it; then nothing may be run.
    """
    enter_cgroups(confinement.cgroups)
    if confinement.kind == "namespaces":
        namespaces.enter(confinement)
    elif confinement.kind == "landlock":
        landlock.enter(confinement)
    else:
        system.die_with_parent()
        os.chdir(confinement.scratch)
    apply_limits(confinement.limits)
