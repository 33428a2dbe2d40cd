"""Build the commands that serve the explorer: JupyterLab, or Voilà as a page without code."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.i18n.messages import BhytError

LIBRARIES = ("bhyt_analysis.briefing.notebook", "bhyt_analysis.ingest.scenario_files")
NOTEBOOK = "explore.ipynb"
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
    templates = [str(Path(__file__).parent / "jupyter"), environment.get("JUPYTER_PATH", "")]
    environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, templates))
    if warm_process.is_supported():
        environment.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "bhyt-warm")
        environment.setdefault(VARIABLE, WarmConfig(LIBRARIES).to_json())
    options = ["--template=bhyt", f"--ExplorerServer.keep_minutes={keep_minutes}"]
    options += [f"--ExplorerServer.allowed_hosts={host}" for host in hosts]
    options += [] if token else ["--ExplorerServer.with_token=False"]
    return [*PYTHON, "bhyt_analysis.explorer.server", str(bundled_path("notebooks") / NOTEBOOK), *options]


def lab_command() -> list[str]:
    """Return the command that opens JupyterLab on a copy of the notebook: it saves what it shows.

    Where Voilà is installed, it is a part of JupyterLab and would give out pictures of the folder without the token.
    """
    copy = Path("outputs", NOTEBOOK)
    copy.parent.mkdir(exist_ok=True)
    if not copy.exists():
        shutil.copyfile(bundled_path("notebooks") / NOTEBOOK, copy)
    options = [f"--ServerApp.root_dir={Path.cwd()}", f"--LabApp.default_url=/doc/tree/{copy.as_posix()}"]
    return [*PYTHON, "jupyterlab", "--VoilaConfiguration.file_denylist=.*", *options]


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a server until it is stopped, and return its status; signals to this process reach the server."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], list(command), environment)  # this process becomes the server
    return subprocess.call(command, env=environment)
