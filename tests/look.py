"""Render the documents of briefings as pictures to look at: ``python tests/look.py DIR [OUT]``.

Needs LibreOffice and poppler (Debian: libreoffice-writer, libreoffice-calc, libreoffice-impress,
poppler-utils). Every page of every .docx, .pptx and .xlsx below DIR becomes OUT/FILE-EXT-PAGE.png.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ENDINGS = (".docx", ".pptx", ".xlsx")
DPI = 70


def render(document: Path, out: Path) -> list[Path]:
    """Write the pages of a document as PNG files."""
    stem = f"{document.stem}-{document.suffix[1:]}"
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        call = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(document)]
        subprocess.run(call, check=True, capture_output=True)
        pdf = Path(folder, f"{document.stem}.pdf")
        subprocess.run(["pdftoppm", "-r", str(DPI), "-png", str(pdf), str(out / stem)], check=True)
    return sorted(out.glob(f"{stem}-*.png"))


def main() -> None:
    """Render what the command line names; print the pages of each document."""
    where = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else where / "look"
    out.mkdir(parents=True, exist_ok=True)
    for document in sorted(p for p in where.rglob("*") if p.suffix in ENDINGS):
        print(f"{document}: {len(render(document, out))}")


if __name__ == "__main__":
    main()
