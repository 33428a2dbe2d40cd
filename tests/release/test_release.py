"""What leaves the office was attacked and is recorded; what was changed since is named; internal copies stay."""

import errno
import json
import shutil

import docx
import openpyxl
import pptx
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.build_record import read_build_record, reusable_files
from bhyt_analysis.cli import main
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.release import release as release_module
from bhyt_analysis.release.attack import attack
from bhyt_analysis.release.published import PublishedText, is_hidden, read_published
from bhyt_analysis.release.record import OWN_HASH, PAGE, RECORD, record_sha256, verify_folder

from ..batches import batches_here
from ..conftest import ALL_FORMATS, write_small_input

FEW = ["C1", "2021-06-30", "near_poor", "3", "published", "BHXH"]


@pytest.fixture(scope="session")
def batch(tmp_path_factory):
    """The folder of a batch of one area in all formats, made from an input of its own."""
    folder = tmp_path_factory.mktemp("release")
    options = bhyt.BatchOptions(jobs=1, formats=ALL_FORMATS)
    with batches_here():
        bhyt.run_batch(write_small_input(folder / "secret_input"), folder / "out", options=options)
    return folder / "out"


@pytest.fixture(scope="session")
def internal(tmp_path_factory):
    """The folder of a batch of internal copies of one area, in which a group has three people."""
    folder = tmp_path_factory.mktemp("internal")
    options = bhyt.BatchOptions(jobs=1, formats=ALL_FORMATS, disclosure="off", lang="en")
    with batches_here():
        bhyt.run_batch(write_small_input(folder / "input", FEW), folder / "out", options=options)
    return folder / "out"


@pytest.fixture
def released(batch, tmp_path, capsys):
    assert main(["release", str(batch), str(tmp_path / "sent")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'sent'}\n"
    return tmp_path / "sent"


@pytest.fixture
def copy(batch, tmp_path):
    """A copy of the batch, to be spoilt."""
    return shutil.copytree(batch, tmp_path / "copy")


def files_of(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_what_leaves_has_no_notes_of_the_run_and_no_paths(batch, released):
    names = files_of(released)
    assert {"index.html", "manifest.json", RECORD, PAGE, "mot/mot.ipynb", "mot/mot.docx", "mot/facts.json"} <= names
    assert not [name for name in names if name.endswith("build.json") or name.startswith(".")]
    for name in names:
        content = (released / name).read_bytes()
        assert str(batch.parent).encode() not in content, name
    source = (released / "mot/mot.ipynb").read_text("utf-8")
    assert 'data = \\"secret_input\\"' in source
    manifest = json.loads((released / "manifest.json").read_text("utf-8"))
    assert set(manifest["areas"][0]["files"]) == {name for name in names if name.startswith("mot/")}


def test_the_record_says_what_was_done_in_both_languages(released):
    record = json.loads((released / RECORD).read_text("utf-8"))
    assert record["threshold"] == 5
    assert record["law"] == "Luật 91/2025/QH15, Điều 14"
    assert record["hidden_cells"] == {"primary": 0, "secondary": 0, "followers": 0}
    assert set(record["outputs_sha256"]) == files_of(released) - {RECORD}
    assert record[OWN_HASH] == record_sha256(record)
    page = (released / PAGE).read_text("utf-8")
    for words in ("khử nhận dạng", "91/2025/QH15", "De-identification record", "article 14", record["inputs_sha256"]):
        assert words in page


def test_verify_names_each_file_that_is_not_as_it_was(released, tmp_path, capsys):
    away = shutil.copytree(released, tmp_path / "away")
    assert main(["verify", str(away)]) == 0
    page = away / "mot" / "mot.html"
    content = bytearray(page.read_bytes())
    content[len(content) // 2] ^= 1  # one bit; the size is the same
    page.write_bytes(content)
    (away / "mot" / "facts.json").unlink()
    (away / "mot" / "tables" / "new.csv").write_text("a", "utf-8")
    capsys.readouterr()
    assert main(["verify", str(away), "--lang", "en"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["mot/facts.json: missing", "mot/tables/new.csv: added", "mot/mot.html: changed"]


def test_verify_notices_a_record_that_was_changed(released):
    path = released / RECORD
    path.write_text(path.read_text("utf-8").replace('"threshold": 5', '"threshold": 9'), "utf-8")
    assert [str(fault) for fault in verify_folder(released)] == [
        f"{RECORD}: the record itself was changed (its own SHA-256 does not match)"
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1, "outputs_sha256": 3}', '{"schema": 1}', "[" * 9999])
def test_verify_of_what_is_no_record_is_a_sentence(tmp_path, text, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    (tmp_path / RECORD).write_text(text, "utf-8")
    assert main(["verify", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_release_refuses_a_printed_count_by_its_cell(copy, tmp_path, capsys):
    table = copy / "mot" / "tables" / "communes.csv"
    text = table.read_text("utf-8-sig")
    assert ";700;" not in text
    assert "C1;Xã Đầu;1000;900;100;" in text
    table.write_text(text.replace("1000;900;100;", "1000;900;3;"), "utf-8-sig")
    assert main(["release", str(copy), str(tmp_path / "sent"), "--lang", "en"]) == 1
    message = capsys.readouterr().err
    assert 'mot, table or chart "communes", column "Chưa có thẻ", row "Xã Đầu"' in message
    assert "mot/tables/communes.csv: this file was changed" in message
    assert [p.name for p in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("name", ["mot/mot.docx", "mot/mot.html", "mot/charts/groups.png", "index.html"])
def test_release_refuses_a_file_changed_since_it_was_made(copy, tmp_path, capsys, name):
    path = copy / name
    path.write_bytes(path.read_bytes()[:-1] + b"#")
    assert main(["release", str(copy), str(tmp_path / "sent"), "--lang", "en"]) == 1
    assert f"{name}: this file was changed" in capsys.readouterr().err
    assert not (tmp_path / "sent").exists()


def test_release_refuses_internal_copies_and_wrong_places(batch, internal, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x", "utf-8")
    calls = [(internal, "a"), (batch, "full"), (batch, batch / "inside"), (tmp_path / "none", "b")]
    for out, folder in calls:
        assert main(["release", str(out), str(tmp_path / folder)]) == 2
    assert "Nội bộ" not in capsys.readouterr().out
    assert files_of(tmp_path) == {"full/mine.txt"}


def test_release_refuses_a_batch_with_a_failed_area(copy, tmp_path):
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["areas"][0] |= {"status": "failed", "error": "/home/me/secret.xlsx"}
    (copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert main(["release", str(copy), str(tmp_path / "sent")]) == 1
    assert not (tmp_path / "sent").exists()


def test_a_full_disk_leaves_no_folder(batch, tmp_path, monkeypatch):
    def fail(folder, record):
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / RECORD))

    monkeypatch.setattr(release_module, "write_record", fail)
    with pytest.raises(OSError) as error:
        release_module.release(batch, tmp_path / "sent")
    assert error.value.filename == str(tmp_path / "sent" / RECORD)
    assert list(tmp_path.iterdir()) == []


# --- Reading back and attacking -------------------------------------------------------------------


def test_every_format_is_read_back(batch):
    files = [name for name in files_of(batch) if not name.startswith(".")]
    published = read_published(batch, files)
    assert published.unreadable == ()
    counts = {"csv": 0, "docx": 0, "html": 0, "ipynb": 0, "xlsx": 0}
    for table in published.tables:
        keys = [column.name for column in table.columns]
        for row in table.rows:
            values = dict(zip(keys, row, strict=True))
            if values.get("name") == "Xã Đầu" and values.get("insured") == 900 and "rate" in values:
                assert values["rate"] == pytest.approx(0.9)
                counts[table.file.rpartition(".")[2]] += 1
    assert {ending for ending, count in counts.items() if count} == {"csv", "docx", "html", "ipynb"}, counts
    figures = {text.file: text.figure for text in published.texts if text.figure}
    assert {"mot/mot.ipynb", "mot/mot.pptx"} <= set(figures)
    facts = {t.columns[1].name: t.rows[0][1] for t in published.tables if t.name == "facts"}
    assert (facts["insured"], facts["uninsured"]) == (1800, 1200)
    index = next(t for t in published.tables if t.name == "index")
    assert 1200 in index.rows[0]


def write_csv(folder, name, text):
    path = folder / "x" / "tables" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8-sig")
    return f"x/tables/{name}.csv"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Đơn vị,Dân số,Số người có thẻ,Chưa có thẻ\nXã A,600,598,<5\n", "computed"),
        ("Đơn vị,Dân số,Số người có thẻ,Chưa có thẻ\nXã A,600,…,7\n", "computed"),
        ("Thời điểm,Số người có thẻ,Thay đổi\n2021-05-31,40,\n2021-06-30,<5,-37\n", "computed"),
        ("Đơn vị,Thẻ trước,Không còn được NSNN đóng,Tiếp tục được NSNN đóng\nXã A,50,<5,47\n", "computed"),
        (
            "Đối tượng,Số người có thẻ,Tỷ trọng (% số người có thẻ)\nA,400,80\nB,<5,\nC,<5,\n",
            "false_mark",  # both are 100 together
        ),
        ("Đối tượng,Số người có thẻ,Tỷ trọng (% số người có thẻ)\nA,400,80\nB,<5,\nC,…,\n", ""),
        ("Đơn vị,Dân số,Số người có thẻ,Chưa có thẻ\nXã A,600,…,<5\n", ""),
        ("Đơn vị,Dân số,Số người có thẻ,Chưa có thẻ\nXã A,600,597,3\n", "printed"),
        ("Đơn vị,Dân số\nXã A,3\n", ""),  # people are counted away, and everybody knows it
    ],
)
def test_attack_finds_what_the_relations_tell(tmp_path, text, reason):
    result = attack(read_published(tmp_path, [write_csv(tmp_path, "t", text)]))
    assert {breach.reason for breach in result.breaches} == ({reason} if reason else set())


def test_attack_finds_a_figure_that_another_file_shows(tmp_path):
    csv = write_csv(tmp_path, "t", "Đơn vị,Số người có thẻ\nXã A,<5\nXã B,…\n")
    page = tmp_path / "x" / "x.html"
    head = (
        '<p id="table-t">Bảng 1</p><table class="bhyt"><thead><tr><th>Đơn vị</th><th>Số người có thẻ</th></tr></thead>'
    )
    rows = "<tbody><tr><td>Xã A</td><td>&lt;5</td></tr><tr><td>Xã B</td><td>43</td></tr></tbody></table>"
    page.write_text(head + rows, "utf-8")
    result = attack(read_published(tmp_path, [csv, "x/x.html"]))
    assert [(b.reason, b.row, b.file) for b in result.breaches] == [("shown_elsewhere", "Xã B", "x/x.html")]
    assert (result.primary, result.secondary) == (1, 1)


@pytest.mark.parametrize(
    ("text", "is_breach"),
    [
        ("Nhóm cận nghèo chỉ có 3 người.", True),
        ("Only 2 people are left.", True),
        ("Một hộ 4 người đóng 3.825.360 đồng.", False),
        ("nhóm ngân sách nhà nước đóng giảm 3 thẻ", False),
        ("1.204 người; Người thứ 3 trong hộ", False),
        ("The group fell by 3 cards. It had 1 person.", True),
    ],
)
def test_attack_reads_sentences(text, is_breach, tmp_path):
    published = read_published(tmp_path, [])
    published = type(published)((), (PublishedText("x", "x/x.html", "", text),))
    assert bool(attack(published).breaches) == is_breach


def test_marks_of_hidden_cells():
    assert [is_hidden(cell) for cell in ("<5", "…", "–", "", None, 3.0)] == [True, True, False, False, False, False]


# --- Internal copies and what is built again ------------------------------------------------------


def test_internal_copies_say_so_on_every_page_sheet_and_slide(internal):
    folder = internal / "mot"
    rows = (folder / "tables" / "subgroups.csv").read_text("utf-8-sig")
    assert ",3," in rows
    for page in (internal / "index.html", folder / "mot.html"):
        assert '<p class="internal">Internal</p>' in page.read_text("utf-8")
    section = docx.Document(folder / "mot.docx").sections[0]
    for header in (section.header, section.first_page_header):
        assert "Internal" in [p.text for p in header.paragraphs]
    for slide in pptx.Presentation(folder / "mot.pptx").slides:
        assert any("Internal" in shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
    for sheet in openpyxl.load_workbook(folder / "mot.xlsx"):
        assert sheet.oddHeader.center.text.endswith("Internal")
        assert any("Internal" in str(cell.value) for row in sheet.iter_rows(max_row=5) for cell in row)
    for name in ("manifest.json", "mot/build.json", "mot/facts.json"):
        assert json.loads((internal / name).read_text("utf-8"))["disclosure"] == "off"


def test_what_may_be_shared_is_not_marked_internal(batch):
    assert read_build_record(batch / "mot").disclosure == "on"
    for name in ("index.html", "mot/mot.html", "mot/mot.ipynb"):
        assert "Nội bộ" not in (batch / name).read_text("utf-8")


def test_a_folder_never_mixes_internal_copies_with_others(internal, build_here):
    before = files_of(internal)
    with pytest.raises(BhytError, match=r"internal copies that this call does not make again \(mot\)"):
        bhyt.run_batch(None, internal, ["Lý Sơn"], bhyt.BatchOptions(jobs=1))
    assert files_of(internal) == before
    with pytest.raises(BhytError, match="one of: on, off"):
        bhyt.BatchOptions(disclosure="perhaps")


def test_a_file_changed_without_changing_its_size_is_built_again(copy):
    record = read_build_record(copy / "mot")
    assert reusable_files(copy / "mot", record.inputs_sha256)
    page = copy / "mot" / "mot.html"
    page.write_bytes(page.read_bytes()[:-2] + b"#\n")
    assert reusable_files(copy / "mot", record.inputs_sha256) is None
