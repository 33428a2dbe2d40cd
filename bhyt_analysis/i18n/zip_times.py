"""Set the times in a Word, PowerPoint or Excel file to ``SOURCE_DATE_EPOCH``, so that two runs write the same."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path

from bhyt_analysis.i18n import clock

FIRST_YEAR, LAST_YEAR = 1980, 2107  # of the times that such files can hold
_PROPERTIES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def settle_times(path: Path) -> None:
    """Set the times of a file's parts and its properties, also of the workbooks in it; nothing without the variable."""
    if moment := clock.source_date():
        path.write_bytes(_settled(path.read_bytes(), moment))


def _settled(content: bytes, moment: dt.datetime) -> bytes:
    new = io.BytesIO()
    year = min(max(moment.year, FIRST_YEAR), LAST_YEAR)
    stamp = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    iso = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".xlsx"):
                part = _settled(part, moment)
            elif name == "docProps/core.xml":
                part = _PROPERTIES.sub(rb"\g<1>" + iso + rb"\g<3>", part)
            archive.writestr(zipfile.ZipInfo(name, stamp), part, zipfile.ZIP_DEFLATED)
    return new.getvalue()
