"""Build the commands that serve the explorer: JupyterLab, or Voilà as a page without code."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.i18n.messages import BhytError

LIBRARIES = ("bhyt_analysis.briefing.notebook", "bhyt_analysis.ingest.scenario_files")
NOTEBOOK = "explore.ipynb"


def voila_command(environment: dict[str, str]) -> list[str]:
    """Return the command that serves the notebook as a page; complete ``environment`` for it.

    Voilà only reads the notebook; it uses our template, and warm kernels where there are any. Raise a `BhytError`
    where Voilà is not installed.
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
    # Without the last option a page that is closed may not end its kernel, for want of a cookie.
    options = ["--template=bhyt", "--Voila.tornado_settings={'disable_check_xsrf': True}"]
    return [sys.executable, "-m", "voila", str(bundled_path("notebooks") / NOTEBOOK), *options]


def lab_command() -> list[str]:
    """Return the command that opens JupyterLab on a copy of the notebook: it saves what it shows."""
    copy = Path("outputs", NOTEBOOK)
    copy.parent.mkdir(exist_ok=True)
    if not copy.exists():
        shutil.copyfile(bundled_path("notebooks") / NOTEBOOK, copy)
    options = [f"--ServerApp.root_dir={Path.cwd()}", f"--LabApp.default_url=/doc/tree/{copy.as_posix()}"]
    return [sys.executable, "-m", "jupyterlab", *options]
