"""Word documents for tests, as python-docx and raw XML make them."""

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from bhyt_analysis.plans.word_reader import read_word

NAMESPACES = nsdecls("w", "r", "m")
TRACKED = 'w:id="7" w:author="A" w:date="2026-01-01T00:00:00Z"'


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def inserted(content):
    return f"<w:ins {TRACKED}>{content}</w:ins>"


def deleted(text):
    return f'<w:del {TRACKED}><w:r><w:delText xml:space="preserve">{text}</w:delText></w:r></w:del>'


def link(content):
    return f'<w:hyperlink w:anchor="x">{content}</w:hyperlink>'


def field(instruction, result):
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    return (
        f"{marks['begin']}<w:r><w:instrText>{instruction}</w:instrText></w:r>{marks['separate']}{result}{marks['end']}"
    )


def paragraph(content, properties=""):
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def add_xml(document, *elements):
    """Add elements at the end of a document."""
    for xml in elements:
        element = parse_xml(xml.replace(">", f" {NAMESPACES}>", 1))
        document.element.body.insert(len(document.element.body) - 1, element)


def save(folder, document, name="kế hoạch.docx"):
    path = folder / name
    document.save(str(path))
    return path


def read_xml(folder, *elements):
    """Return the document of a file that holds some elements only."""
    document = Document()
    add_xml(document, *elements)
    return read_word(save(folder, document))


def texts(document):
    return [block.text for block in document.blocks]


def tracked_replacement(source, path, old, new):
    """Write a copy of a Word file in which some text was replaced while changes were tracked."""
    document = Document(str(source))
    (own,) = [r for p in document.paragraphs for r in p.runs if old in r.text]
    before, _, after = own.text.partition(old)
    own.text = before
    for xml in reversed([deleted(old), inserted(run(new)), run(after)]):
        own._r.addnext(parse_xml(xml.replace(">", f" {NAMESPACES}>", 1)))
    document.save(str(path))
