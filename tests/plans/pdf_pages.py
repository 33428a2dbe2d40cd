"""Write small PDF files: lines at given places, pictures of pages, a password."""

import pypdfium2
from matplotlib import rc_context
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 595, 842  # points of a page of A4


def write_pages(path, pages, size=11):
    """Write a PDF: of each page lines (left, top, text) and tables, lists of rows at (left, top, rows)."""
    with rc_context({"pdf.fonttype": 42}), PdfPages(path) as pdf:
        for page in pages:
            figure = Figure((WIDTH / 72, HEIGHT / 72))
            FigureCanvasPdf(figure)
            for left, top, content in page:
                _add(figure, left, top, content, size)
            pdf.savefig(figure)
    return path


def _add(figure, left, top, content, size):
    if isinstance(content, str):
        figure.text(left / WIDTH, 1 - top / HEIGHT, content, fontsize=size, va="top")
        return
    height = 20 * len(content)
    axes = figure.add_axes((left / WIDTH, 1 - (top + height) / HEIGHT, 400 / WIDTH, height / HEIGHT))
    axes.axis("off")
    axes.table(content, bbox=(0, 0, 1, 1), cellLoc="left").auto_set_font_size(False)


def write_scan(path, pages=1):
    """Write a PDF of pictures of pages."""
    picture = Image.new("L", (WIDTH * 2, HEIGHT * 2), 255)
    ImageDraw.Draw(picture).text((200, 200), "KE HOACH", fill=0)
    picture.save(path, save_all=True, append_images=[picture] * (pages - 1), resolution=144)
    return path


def join_pdfs(path, parts):
    """Write the pages of some PDF files as one file."""
    joined_file = pypdfium2.PdfDocument.new()
    for part in parts:
        joined_file.import_pages(pypdfium2.PdfDocument(part))
    joined_file.save(path)
    return path


def write_locked(path):
    """Write a PDF with a password, whose check values are those of no known one."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, value in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>\nstartxref\n%d\n%%%%EOF"
    path.write_bytes(content + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer % len(content))
    return path
