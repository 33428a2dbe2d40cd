"""Every notebook runs unchanged, in both languages, and shows what it promises."""

import nbformat
import papermill
import pytest

from bhyt_analysis.batch.build import warm_config

from ..batches import KeptProcess, batches_here
from ..conftest import ROOT

NOTEBOOKS = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks" / "recipes").glob("*.ipynb")])
LANGUAGES = {"vi": ("Số liệu", "Nhóm"), "en": ("figures", "Group")}


@pytest.fixture(scope="module", autouse=True)
def warm_kernels():
    with batches_here():
        KeptProcess.start(warm_config())
        yield


def run(path, folder, **parameters):
    executed = folder / path.name
    options = {"cwd": folder, "progress_bar": False, "execution_timeout": 300}
    papermill.execute_notebook(path, executed, parameters, engine_name="bhyt-warm", **options)
    return nbformat.read(executed, as_version=4)


def outputs_of(notebook):
    """Return all text and HTML of the outputs, and the number of pictures."""
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    data = [o.get("data", {}) for o in outputs]
    texts = [d.get("text/html") or d.get("text/markdown") or "" for d in data] + [o.get("text", "") for o in outputs]
    return "\n".join("".join(t) for t in texts), sum("image/png" in d for d in data)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_unchanged(path, tmp_path):
    lang = "en" if len(path.stem) % 2 else "vi"  # half of them in each language
    text, pictures = outputs_of(run(path, tmp_path, lang=lang))
    assert any(word in text for word in LANGUAGES[lang])
    assert pictures or "<table" in text


def test_the_decision_notebook_shows_its_misses_and_files(tmp_path):
    path = ROOT / "notebooks" / "decision_861.ipynb"
    text, pictures = outputs_of(run(path, tmp_path, lang="en", draws=200, out=str(tmp_path)))
    assert pictures == 4
    for words in ("the model is too low", "consistent with the bound", "within the interval", "no data to compute it"):
        assert words in text
    assert {p.name for p in (tmp_path / "tables").iterdir()} == {"scorecard.csv", "lost.csv", "comparison.csv"}
    assert len(list((tmp_path / "charts").iterdir())) == 8
