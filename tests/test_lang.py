"""The language of what people read, where a call names none."""

import inspect
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError, translate

from .conftest import write_small_input


def test_without_a_choice_texts_are_vietnamese_and_errors_english(data):
    assert bhyt.lang() == "vi"
    assert bhyt.area(data, "Sơn Dương").name() == "huyện Sơn Dương"
    assert translate("status.estimated") == "Số liệu ước tính"
    with pytest.raises(BhytError, match=r"^size is “a3”; expected one of"):
        bhyt.charts.groups(bhyt.coverage(data, "Sơn Dương", by=["group"]), size="a3")


def test_the_language_that_is_chosen_holds_for_all(data):
    rows = bhyt.coverage(data, "Sơn Dương", by=["group"])
    bhyt.lang("en")
    assert bhyt.area(data, "Sơn Dương").name() == "Sơn Dương district"
    assert bhyt.tables.format_table(rows).columns[0] == bhyt.tables.format_table(rows, "en").columns[0] != "Đơn vị"
    assert bhyt.charts.groups(rows).description.title.startswith("The insured")
    assert bhyt.Briefing(data, "Sơn Dương", bhyt.Law.read()).lang == bhyt.BatchOptions().lang == "en"
    assert bhyt.lang("vi") == "vi"
    assert "The insured" not in bhyt.charts.groups(rows).description.title
    assert bhyt.BatchOptions().lang == "vi"
    with pytest.raises(BhytError, match=r"^size là “a3”; cần là: a4"):
        bhyt.charts.groups(rows, size="a3")


def test_the_language_of_a_call_goes_first(data):
    bhyt.lang("en")
    assert bhyt.area(data, "Sơn Dương").name("vi") == "huyện Sơn Dương"
    assert bhyt.BatchOptions(lang="vi").lang == "vi"
    error = BhytError(("error.bad_size", {"found": "a3", "expected": "a4"}))
    assert error.text("vi") == "size là “a3”; cần là: a4"


def test_errors_of_an_input_follow_the_language(tmp_path):
    folder = write_small_input(tmp_path / "input", ["C9", "2021-06-30", "household", "1", "published", "BHXH"])
    messages = set()
    for language in ("vi", "en"):
        bhyt.lang(language)
        with pytest.raises(bhyt.InputError) as error:
            bhyt.load(folder)
        assert str(error.value) == error.value.text(language)
        messages.add(str(error.value))
    assert len(messages) == 2


def test_a_notebook_shows_the_sentence_of_an_error_and_no_calls(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell("import bhyt_analysis as bhyt\nbhyt.lang('vi')\nbhyt.lang('fr')")
    printed = re.sub(r"\x1b\[[\d;]*m", "", "".join(capsys.readouterr()))
    assert "BhytError: lang là “fr”; cần là: vi, en" in printed
    assert "check_lang" not in printed


def test_another_language_is_refused_in_words():
    with pytest.raises(BhytError, match=r"^lang is “fr”; expected one of: vi, en$"):
        bhyt.lang("fr")
    assert bhyt.lang() == "vi"


def test_a_batch_keeps_its_own_language(tmp_path, build_here):
    pages = []
    for i, chosen in enumerate(("vi", "en")):
        bhyt.lang(chosen)
        options = bhyt.BatchOptions(jobs=1, lang="vi")
        manifest = bhyt.run_batch(None, tmp_path / str(i), ["Huyện Lý Sơn"], options)
        (area,) = manifest["areas"]
        assert area["error"] is None
        folder = tmp_path / str(i) / area["slug"]
        pages.append(
            {p.name: p.read_bytes() for p in folder.rglob("*.csv")} | {"facts": (folder / "facts.json").read_bytes()}
        )
    assert pages[0] == pages[1]


def test_no_public_function_is_vietnamese_whatever_is_chosen():
    functions = [getattr(bhyt, name) for name in bhyt.__all__ if name not in ("tables", "notebook", "monitoring")]
    functions += [getattr(bhyt.charts, name) for name in bhyt.charts.__all__]
    functions += [getattr(bhyt.tables, name) for name in dir(bhyt.tables)]
    for function in functions:
        if inspect.isfunction(function) and (lang := inspect.signature(function).parameters.get("lang")):
            assert lang.default in (None, inspect.Parameter.empty), function
