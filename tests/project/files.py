"""List the files of the project, in a clone and in an unpacked sdist."""

from ..conftest import ROOT
from ..waiting import run

MADE = {"__pycache__", "outputs", "dist", "PKG-INFO"}  # by tools, beside the files of an sdist


def project_files() -> list[str]:
    """Return the files that git tracks; without git, those of the sdist, by path from the root."""
    if (ROOT / ".git").exists():
        return run(["git", "ls-files", "-z"], cwd=ROOT, check=True).stdout.split("\0")[:-1]
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return sorted(p.as_posix() for p in paths if p.parts[0] == ".ci" or not is_made(p.parts))


def is_made(parts: tuple[str, ...]) -> bool:
    """Return whether tools have made a file: hidden ones too."""
    return any(part in MADE or part.startswith(".") for part in parts)
