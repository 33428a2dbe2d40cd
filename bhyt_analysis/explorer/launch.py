"""Build the commands that serve the explorer: JupyterLab, or Voilà as a page without code."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError

LIBRARIES = ("bhyt_analysis.briefing.notebook", "bhyt_analysis.ingest.scenario_files")
NOTEBOOK = "explore.ipynb"
JUPYTER = Path(__file__).parent / "jupyter"
SETTINGS = JUPYTER / "settings"  # defaults of JupyterLab in each language, below what its user has chosen
KEEP_MINUTES = 10
PYTHON = (sys.executable, "-P", "-m")  # -P: a file of the working folder named like a library must not hide it


def voila_command(
    environment: dict[str, str], token: bool = True, hosts: Sequence[str] = (), keep_minutes: int = KEEP_MINUTES
) -> list[str]:
    """Return the command that serves the notebook as a page; complete ``environment`` for it.

    Voilà only reads the notebook; it uses our template, and warm kernels where there are any. ``token`` says whether
    the address has one, ``hosts`` are the names of the server besides those of this machine; the kernel of a page that
    has gone is kept for ``keep_minutes``. Raise a `BhytError` where Voilà is not installed.
    """
    from bhyt_analysis.engine import warm_process
    from bhyt_analysis.engine.config import VARIABLE, WarmConfig

    if importlib.util.find_spec("voila") is None:
        raise BhytError(("error.no_voila", {}))
    templates = [str(JUPYTER), environment.get("JUPYTER_PATH", "")]
    environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, templates))
    if warm_process.is_supported():
        environment.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "bhyt-warm")
        environment.setdefault(VARIABLE, WarmConfig(LIBRARIES).to_json())
    options = ["--template=bhyt", f"--ExplorerServer.keep_minutes={keep_minutes}"]
    options += [f"--ExplorerServer.allowed_hosts={host}" for host in hosts]
    options += [] if token else ["--ExplorerServer.with_token=False"]
    return [*PYTHON, "bhyt_analysis.explorer.server", str(bundled_path("notebooks") / NOTEBOOK), *options]


def lab_command(environment: dict[str, str], lang: str = "vi") -> list[str]:
    """Return the command that opens JupyterLab on copies of the notebooks; complete ``environment`` for it.

    JupyterLab is in the reader's language unless the user has chosen one in its settings. Where Voilà is installed, it
    is a part of JupyterLab and would give out pictures of the folder without the token.
    """
    folder = copy_notebooks(lang).as_posix()
    if lang == "en" or has_language_pack():
        settings = [str(SETTINGS / lang), environment.get("JUPYTER_CONFIG_PATH", "")]
        environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    options = [f"--ServerApp.root_dir={Path.cwd()}", f"--ContentsManager.preferred_dir={folder}"]
    options += [f"--LabApp.default_url=/doc/tree/{folder}/{NOTEBOOK}"]
    return [*PYTHON, "jupyterlab", "--VoilaConfiguration.file_denylist=.*", *options]


def has_language_pack() -> bool:
    """Tell whether JupyterLab can be in Vietnamese."""
    return importlib.util.find_spec("jupyterlab_language_pack_vi_VN") is not None


def copy_notebooks(lang: str) -> Path:
    """Copy the notebooks that the user does not have yet to a folder of the language, and return the folder.

    The recipes have the questions that they answer as names, with numbers, so that they are first in a list of files.
    """
    folder = Path("outputs", "notebooks", lang)
    folder.mkdir(parents=True, exist_ok=True)
    notebooks = bundled_path("notebooks")
    recipes = {f"{i}. {recipe_question(p, lang)}.ipynb": p for i, p in enumerate(recipe_paths(), 1)}
    for name, path in (recipes | {p.name: p for p in notebooks.glob("*.ipynb")}).items():
        if not (folder / name).exists():
            text = path.read_text("utf-8").replace('"lang = \\"vi\\"', f'"lang = \\"{lang}\\"')
            (folder / name).write_text(text, "utf-8", newline="\n")
    return folder


def recipe_paths() -> list[Path]:
    """Return the recipes that come with the package, in the order in which they are listed."""
    return sorted((bundled_path("notebooks") / "recipes").glob("*.ipynb"))


def recipe_question(path: Path, lang: str) -> str:
    """Return the question that a recipe opens with, as a file name: the first line is Vietnamese, the second English.

    Examples
    --------
    >>> recipe_question(recipe_paths()[1], "en")
    'What does it cost, and who pays'
    """
    heading = json.loads(path.read_text("utf-8"))["cells"][0]["source"]
    return heading[LANGUAGES.index(lang)].strip("#*? \n")


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a server until it is stopped, and return its status; signals to this process reach the server."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], list(command), environment)  # this process becomes the server
    return subprocess.call(command, env=environment)
