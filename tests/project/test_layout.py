"""The project keeps its promises about itself: environment, lock, notebooks, words, surface, package."""

import ast
import csv
import re
import string
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import matplotlib
import nbformat
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain import findings
from bhyt_analysis.i18n.messages import FOLDER as MESSAGES

from ..conftest import ROOT
from ..waiting import run as run_process
from .files import project_files

NOTEBOOKS = [ROOT / f for f in project_files() if f.endswith(".ipynb")]


def test_environment_yml_is_what_its_tool_makes_of_pyproject(tmp_path):
    tool = Path(sys.executable).with_name("pyproject2conda")
    written_file = tmp_path / "environment.yml"
    committed = (ROOT / "environment.yml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"), "utf-8")
    run_process([tool, "project", "--overwrite", "force"], cwd=tmp_path, check=True)
    assert written_file.read_text("utf-8") == committed


def test_every_dependency_has_a_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        assert ">=" in requirement, requirement
        assert ",<" in requirement, requirement


def test_the_lock_holds_every_dependency_with_hashes_and_no_addresses():
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert all("--hash=sha256:" in e for e in entries if "==" in e.split("\n")[0])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        assert re.match(r"[A-Za-z0-9._-]+", requirement).group().lower() in pinned


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")


def test_the_template_has_the_parameters_of_the_design():
    notebook = nbformat.read(ROOT / "notebooks" / "area_briefing.ipynb", as_version=4)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = [t.id for node in ast.parse(tagged[0].source).body for t in node.targets]
    assert names == ["area", "as_of", "scenario", "lang", "seed", "data", "out", "decision", "disclosure"]


def test_all_logic_of_the_notebook_is_in_the_library():
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            tree = ast.parse(cell.source) if cell.cell_type == "code" else ast.Module(body=[], type_ignores=[])
            kinds = {type(node) for node in ast.walk(tree)}
            assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If}, path


def messages():
    texts = [path.read_text("utf-8") for path in sorted(MESSAGES.glob("*.csv"))]
    return [row for text in texts for row in csv.DictReader(text.splitlines(keepends=True))]


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_message_has_both_languages_with_the_same_figures():
    rows = messages()
    assert len({r["key"] for r in rows}) == len(rows)
    for row in rows:
        assert fields(row["vi"]) == fields(row["en"]), row["key"]
        assert bool(row["vi"].strip()) == bool(row["en"].strip()), row["key"]


def test_every_rule_has_both_languages_with_the_same_figures():
    table = findings.rules()
    assert set(table["severity"]) <= set(findings.SEVERITIES)
    for rule, row in table.iterrows():
        assert fields(row["message_vi"]) == fields(row["message_en"]), rule


def test_every_message_that_the_code_names_exists():
    keys = {r["key"] for r in messages()}
    stems = {k.split(".")[0] for k in keys}
    keys_in_code = set()
    for path in (ROOT / "bhyt_analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[a-z]+\.[a-z_0-9]*[a-z0-9]", node.value)
            ) and node.value.split(".")[0] in stems - {"index", "item"}:
                keys_in_code.add(node.value)
    modules = {v for home in ("_NAMES", "_MODULES") for v in getattr(bhyt, home).values()} | set(matplotlib.rcParams)
    assert {
        n
        for n in keys_in_code - keys - modules
        if not n.endswith(".ipynb") and not (ROOT / "bhyt_analysis" / n.replace(".", "/")).exists()
    } == set()


def test_every_rule_has_code_and_every_code_a_rule():
    text = "".join(p.read_text("utf-8") for p in (ROOT / "bhyt_analysis").rglob("*.py"))
    keys_in_code = set(re.findall(r'(?:Finding|in_row|in_document|_count_finding)\(\s*"([a-z0-9_]+)"', text))
    assert keys_in_code <= set(findings.rules().index)
    used = text  # a rule that no code can find would be a check that cannot fail
    assert [r for r in findings.rules().index if f'"{r}"' not in used] == []


def test_the_public_surface():
    public = [
        "Law", "InForce", "groups", "Dataset", "InputError", "load", "check", "audit", "to_successor_units", "coverage",
        "reclassify", "reenrolment", "premiums", "full_year_cost", "people_needed", "target_path", "target_steps",
        "headline", "Scenario", "read_scenario", "add_comparison_texts", "assign_entitlement", "budget",
        "allocate", "tasks", "simulate", "project_area", "compare",
        "after_loss", "transitions", "target_probabilities", "reported_and_true_rates", "tornado",
        "break_even", "decompose", "backtest",
        "monitor", "verdict", "funnel", "explain", "explore", "run_batch", "BatchOptions", "charts", "tables",
        "Briefing", "unit_losses", "notebook",
        "monitoring", "country", "area", "AreaView", "lang", "yearly", "rezone", "household_premium",
        "page_model", "state_scenario", "Plan", "read_plan",
    ]  # fmt: skip
    assert bhyt.__all__ == sorted(public)
    for name in bhyt.__all__:
        assert getattr(bhyt, name).__doc__, name
    with pytest.raises(AttributeError):
        bhyt.helper  # noqa: B018


def test_import_loads_neither_plotting_nor_notebooks():
    modules = ("matplotlib", "seaborn", "papermill", "IPython", "nbconvert", "ipywidgets")
    code = "import sys, bhyt_analysis as b; b.coverage(b.load())"
    code += f"; print([m for m in {modules} if m in sys.modules])"
    printed = run_process([sys.executable, "-c", code], check=True).stdout
    assert printed.strip() == "[]"


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    build(ROOT, folder, "sdist")
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    return path.with_name(path.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build(sdist, folder, "wheel")
    return next(folder.glob("*.whl"))


def build(source, folder, target):
    run_process([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder], cwd=source, check=True)


def test_the_sdist_has_every_file_of_the_project_and_no_outputs(sdist):
    packed = {path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()}
    assert [f for f in project_files() if f not in packed] == []
    assert {f for f in packed if f.startswith(("outputs/", "dist/", ".venv/"))} == {"outputs/.gitkeep"}


def test_package_citation_and_changelog_have_one_version(sdist, wheel):
    version = bhyt.__version__
    assert wheel.name == f"bhyt_analysis-{version}-py3-none-any.whl"
    assert f"\nVersion: {version}\n" in (sdist / "PKG-INFO").read_text("utf-8")
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    cited = dict(re.findall(r"^([a-z-]+): (\S+)$", citation, flags=re.MULTILINE))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.search(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", changelog, flags=re.MULTILINE)
    assert released.groups() == (cited["version"], cited["date-released"])
    assert cited["version"] == version
    assert cited["cff-version"] == "1.2.0"
    assert cited["license"] == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"]
    assert {"message", "title", "authors"} <= set(re.findall(r"^([a-z-]+):", citation, flags=re.MULTILINE))


def test_the_wheel_from_the_sdist_is_that_from_the_repository(wheel, tmp_path):
    build(ROOT, tmp_path, "wheel")
    assert next(tmp_path.glob("*.whl")).read_bytes() == wheel.read_bytes()


def test_an_installed_copy_carries_its_data_and_notebooks(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert (tmp_path / "bhyt_analysis" / "py.typed").is_file()
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
import bhyt_analysis as b
from bhyt_analysis.domain.bundled import bundled_path
template = bundled_path("notebooks") / "area_briefing.ipynb"
scenario = b.read_scenario("near_poor_100")
print(b.__file__, b.coverage(b.load(), "Sơn Dương")["insured"].iloc[0], template.is_file(), len(scenario.reforms),
    b.country().units["code"].iloc[0])
"""
    run = run_process([sys.executable, "-I", "-c", code], cwd=tmp_path)
    assert run.stderr == ""
    where, insured, there, reforms, first_unit = run.stdout.split()
    assert where.startswith(str(tmp_path))
    assert (insured, there, reforms, first_unit) == ("155163", "True", "1", "VN")


@pytest.mark.parametrize(("name", "other"), [("README.md", "README.vi.md"), ("README.vi.md", "README.md")])
def test_readmes_name_the_two_commands_and_each_other_and_fill_one_screen(name, other):
    readme = (ROOT / name).read_text("utf-8")
    assert f"]({other})" in readme.split("\n## ")[0]
    assert len(readme.splitlines()) <= 80
    assert "make briefings" in readme
    assert "make test" in readme
    for link in re.findall(r"\]\(((?!http)[^)#]+)", readme):
        assert (ROOT / link).exists(), link


def test_what_data_readme_describes_is_there():
    readme = (ROOT / "data" / "README.md").read_text("utf-8")
    for path in (ROOT / "data").rglob("*.csv"):
        assert f"`{path.relative_to(ROOT / 'data').as_posix()}`" in readme, path.name
