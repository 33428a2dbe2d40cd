"""Read the parts of zipped workbooks, after a look at their sizes: as declared, and counted while they are unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from posixpath import normpath
from xml.etree import ElementTree

from bhyt_analysis.ingest.limits import MAX_PARTS, MAX_RATIO, MAX_UNPACKED, MB, SMALL_PART, TooLargeError

_END, _END_64 = b"PK\5\6", b"PK\6\7"  # begin the end of an archive, and its extension for large ones
_ENCRYPTED = 1
_PICTURES = (".png", ".jpeg", ".jpg", ".gif", ".emf", ".wmf", ".bmp", ".tif", ".tiff")


class Package:
    """The parts of a zipped workbook, by names without regard to their case, and the relations between them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.archive = zipfile.ZipFile(io.BytesIO(content))
        self.names = {name.replace("\\", "/").lower(): name for name in self.archive.namelist()}
        self._unpacked: set[str] = set()

    def check_sizes(self) -> None:
        """Raise TooLargeError for declared sizes beyond the limits; nothing is unpacked."""
        parts = self.archive.infolist()
        if len(parts) > MAX_PARTS:
            raise TooLargeError("parts", found=len(parts), most=MAX_PARTS)
        if (total := sum(part.file_size for part in parts)) > MAX_UNPACKED:
            raise TooLargeError("unpacked", found=total / MB, most=MAX_UNPACKED / MB)
        for part in parts:
            _check_size(part)

    def read(self, name: str) -> bytes:
        """Return the content of a part; empty if there is none of this name.

        Raises zipfile.BadZipFile for a part that unpacks to another size than declared, TooLargeError for a large one.
        """
        if (stored := self.names.get(name.lower())) is None:
            return b""
        part = self.archive.getinfo(stored)
        _check_size(part)
        return self._unpack(part)

    def _unpack(self, part: zipfile.ZipInfo) -> bytes:
        self._unpacked.add(part.filename)
        if part.flag_bits & _ENCRYPTED or part.compress_type != zipfile.ZIP_DEFLATED:
            with self.archive.open(part) as stream:  # raises for one that is encrypted
                return stream.read(part.file_size + 1)
        names = struct.unpack_from("<HH", self.content, part.header_offset + 26)
        start = part.header_offset + 30 + sum(names)
        packed = memoryview(self.content)[start : start + part.compress_size]
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        content = unpacking.decompress(packed, part.file_size + 1)
        if len(content) != part.file_size or not unpacking.eof or zlib.crc32(content) != part.CRC:
            raise zipfile.BadZipFile(f"{part.filename}: not of the declared size or checksum")
        return content

    def is_plain(self) -> bool:
        """Return whether every reader of archives finds the same parts, as the directory has them."""
        parts, end = self.archive.infolist(), len(self.content) - 22
        return (
            self.content.count(_END) == 1
            and self.content[end : end + 4] == _END
            and self.content[end - 20 : end - 16] != _END_64
            and sum(struct.unpack_from("<II", self.content, end + 12)) == end
            and len(self.names) == len(parts)
            and all(
                part.compress_type == zipfile.ZIP_DEFLATED
                or (part.compress_type == zipfile.ZIP_STORED and part.compress_size == part.file_size)
                for part in parts
            )
        )

    def unread_parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of each part that is not a picture and was not read before."""
        for part in self.archive.infolist():
            if part.filename not in self._unpacked and not part.filename.lower().endswith(_PICTURES):
                yield part.filename.lower(), self._unpack(part)

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the target of each relation of a part, by its id."""
        folder, _, base = name.rpartition("/")
        rels = self.read(f"{folder}/_rels/{base}.rels".lstrip("/"))
        parts = {}
        for relation in ElementTree.fromstring(rels) if rels else ():
            target = relation.get("Target", "").replace("\\", "/")
            target = target.lstrip("/") if target.startswith("/") else normpath(f"{folder}/{target}").lstrip("/")
            parts[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target)
        return parts


def _check_size(part: zipfile.ZipInfo) -> None:
    """Raise TooLargeError for a part that is declared to be too large, or larger than a table of its packed size."""
    if part.file_size > MAX_UNPACKED:
        raise TooLargeError("unpacked", found=part.file_size / MB, most=MAX_UNPACKED / MB)
    if part.file_size > max(SMALL_PART, MAX_RATIO * part.compress_size):
        raise TooLargeError("ratio", found=part.file_size / MB, packed=part.compress_size / MB)
