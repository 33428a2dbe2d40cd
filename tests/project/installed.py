"""Build the package, install it outside the repository and use it there, with each Python of the machine.

``make package``. The sdist is built from the repository and the wheel from the sdist. In a temporary folder, each
Python gets an environment with the wheel and the locked versions of what it requires, and nothing for developers but
pytest. There it makes the documents of an area in every format, checks the data that it carries, and runs a quick part
of the tests from the sdist. Tables and facts must be the same bytes with each Python. 3.12 and 3.13 are tried where
the machine has them. The first Python also serves the explorer in JupyterLab and runs one of the recipes beside it.
For Windows and macOS the lock is resolved without installing it: each of its versions must have a wheel there.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..conftest import ROOT

OTHER_SYSTEMS = ("x86_64-pc-windows-msvc", "aarch64-apple-darwin")
OTHER_VERSIONS = ("3.12", "3.13")
AREA = "Xã Bát Xát"
FORMATS = ("html", "docx", "pptx", "xlsx")
SAME = (".csv", "facts.json")  # documents and pages hold the time, notebooks the version of Python
# Quick tests: the law as it is, without what is simulated under it, and the list of modules that the docs hold.
TESTS = ("tests/law/test_law.py", "tests/law/test_groups.py", "tests/law/test_citations.py", "bhyt_analysis/law")
TESTS += ("tests/project/test_architecture.py",)
TEST_TOOLS = ("pytest", "pytest-timeout", "hypothesis")
SECONDS = 900  # the longest time of a command


def main() -> int:
    """Try every Python that the machine has; return 1 if one fails or makes other bytes than the first."""
    started = time.monotonic()
    pythons = {".".join(map(str, sys.version_info[:2])): sys.executable}
    for version in OTHER_VERSIONS:
        if python := find_python(version):
            pythons.setdefault(version, python)
        else:
            print(f"Python {version}: not tried, since the machine has none")
    with tempfile.TemporaryDirectory(prefix="bhyt-package-") as name:
        folder = Path(name)
        sdist, wheel = build(folder)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            trials = pool.map(lambda item: try_python(*item, folder, sdist, wheel), pythons.items())
            same = dict(zip(pythons, trials, strict=True))
        for system in OTHER_SYSTEMS:
            try_lock(system, folder)
    first, *others = same
    differing = [version for version in others if same[version] != same[first]]
    for version in differing:
        names = {name for name, content in same[first].items() if same[version].get(name) != content}
        print(f"Python {version}: not the bytes of {first}: {', '.join(sorted(names)) or 'more files'}")
    print(f"package: {len(pythons)} Pythons, {time.monotonic() - started:.0f} seconds")
    return int(bool(differing))


def find_python(version: str) -> str | None:
    """Return an interpreter of a version: on the path, of pyenv, or of uv; None if there is none that runs."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    candidates = [
        f"python{version}",
        *pyenv.glob(f"{version}.*/bin/python"),
        *uv_pythons().glob(f"*-{version}.*/bin/python"),
    ]
    for candidate in candidates:
        try:
            subprocess.run([candidate, "-c", "import ssl, venv"], capture_output=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        return str(candidate)
    return None


def uv_pythons() -> Path:
    """Return the folder of the interpreters that uv has installed."""
    return Path(subprocess.run([uv(), "python", "dir"], capture_output=True, text=True, check=True).stdout.strip())


def uv() -> Path:
    """Return the uv of the lock."""
    return Path(sys.executable).with_name("uv")


def build(folder: Path) -> tuple[Path, Path]:
    """Build the sdist from the repository, and the wheel from the sdist; return the folder unpacked, and the wheel."""
    hatchling = [sys.executable, "-m", "hatchling", "build", "-d", folder]
    run([*hatchling, "-t", "sdist"], ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    sdist = folder / archive.name.removesuffix(".tar.gz")
    run([*hatchling, "-t", "wheel"], sdist)
    return sdist, next(folder.glob("*.whl"))


def try_python(version: str, base: str, folder: Path, sdist: Path, wheel: Path) -> dict[str, bytes]:
    """Install the wheel and use it; return the files that must be the same with every Python."""
    environment, out = folder / f"python-{version}", folder / f"out-{version}"
    python, bhyt = environment / "bin" / "python", environment / "bin" / "bhyt"
    run([uv(), "venv", "--quiet", "--python", base, environment], folder)
    install = [uv(), "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "requirements.txt"]
    run([*install, f"{wheel}[explore]"], folder)
    where = run([python, "-c", "import bhyt_analysis; print(bhyt_analysis.__file__)"], folder)
    assert where.startswith(str(environment)), where
    run([bhyt, "brief", "--area", AREA, "--formats", ",".join(FORMATS), "--out", out], folder)
    documents = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    missing = [f for f in FORMATS if not any(p.suffix == f".{f}" and p.parent != out for p in documents.values())]
    assert not missing, f"no document of these formats: {missing}"
    run([bhyt, "check", environment_data(environment)], folder)
    scenario = ["--scenario", "near_poor_100", "--draws", "0"]  # which names a reform of the bundled data
    assert "2027" in run([bhyt, "simulate", "--area", "Sơn Dương", *scenario], folder)
    assert run([bhyt, "--version"], folder).strip() == f"bhyt {wheel.name.split('-')[1]}"
    if base == sys.executable:
        try_explorer(environment / "bin", folder)
    run([*install, *TEST_TOOLS], folder)
    tests = run([python, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *TESTS], sdist)
    print(
        f"Python {version}: {', '.join(FORMATS)} of {AREA} made; from the sdist: {tests.splitlines()[-1]}", flush=True
    )
    return {name: path.read_bytes() for name, path in documents.items() if name.endswith(SAME)}


def try_lock(system: str, folder: Path) -> None:
    """Resolve the lock for another system, on which nothing is compiled."""
    call = [uv(), "pip", "install", "--dry-run", "--python-platform", system, "--python-version", "3.11"]
    call += ["--only-binary", ":all:", "--target", folder / system, "--require-hashes"]
    run([*call, "--requirement", ROOT / "requirements.txt"], folder)
    print(f"{system}: every locked version has a wheel", flush=True)


def try_explorer(programs: Path, folder: Path) -> None:
    """Serve the explorer, read its notebook and the words of JupyterLab from the server, and run a recipe."""
    home, token = folder / "explorer", "package"
    home.mkdir()
    (home / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"allow_root": True}}), "utf-8")
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "RUNTIME")}
    folders |= {"JUPYTER_CONFIG_DIR": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "server.log"
    with log.open("wb") as lines:
        server = subprocess.Popen(
            [programs / "bhyt", "explore", "--no-browser", f"--port={port}"],
            cwd=home,
            env=outside_environment() | folders | {"JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
        )
    try:
        answer = read_server(f"http://127.0.0.1:{port}/api/contents/outputs/notebooks/vi", token, server, log)
        names = [entry["name"] for entry in answer["content"]]
        assert "explore.ipynb" in names, names
        answer = read_server(f"http://127.0.0.1:{port}/lab/api/translations/vi_VN", token, server, log)
        assert answer["data"]["jupyterlab"]["menu\x04Run"] == ["Chạy"]
        plugin = urllib.parse.quote("@jupyterlab/translation-extension:plugin")
        answer = read_server(f"http://127.0.0.1:{port}/lab/api/settings/{plugin}", token, server, log)
        assert answer["schema"]["properties"]["locale"]["default"] == "vi_VN"
    finally:
        server.terminate()
        server.wait(60)
    recipe = next(name for name in sorted(names) if name.startswith("2. "))
    run([programs / "papermill", "--engine", "bhyt-warm", f"outputs/notebooks/vi/{recipe}", "executed.ipynb"], home)
    print(f"explorer served in Vietnamese; recipe run: {recipe}", flush=True)


def read_server(address: str, token: str, server: subprocess.Popen, log: Path) -> dict:
    """Return what a server answers, once it listens."""
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"})
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the explorer does not answer:\n{log.read_text('utf-8')}") from None
            time.sleep(0.2)


def environment_data(environment: Path) -> Path:
    """Return the data that an installed copy carries."""
    return next(environment.glob("lib/python*/site-packages/bhyt_analysis/bundled/data"))


def run(call: list, cwd: Path) -> str:
    """Run a command without the repository in its environment and return what it prints; SystemExit if it fails."""
    done = subprocess.run(
        call,
        cwd=cwd,
        env=outside_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, call))}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def outside_environment() -> dict[str, str]:
    """Return the environment without what names the repository or its Python."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BHYT", "VIRTUAL_ENV", "JUPYTER"))}


if __name__ == "__main__":
    sys.exit(main())
