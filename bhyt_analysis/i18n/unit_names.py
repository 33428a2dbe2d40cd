"""Compare, shorten and translate the names of units."""

import re
import unicodedata

# Words that stand before the name of a unit, long ones first.
UNIT_WORDS = (
    "thành phố", "thị trấn", "thị xã", "đặc khu", "phường", "tỉnh", "huyện", "quận", "xã",
    "tp.", "tt.", "tx.", "p.", "h.", "q.", "x.", "t.",
)  # fmt: skip


def normalise_name(text: str) -> str:
    """Return a name without accents, case or spare spaces, for comparing what people type.

    Examples
    --------
    >>> normalise_name("  Huyện  Lục Ngạn "), normalise_name("ĐỨC PHỔ")
    ('huyen luc ngan', 'duc pho')
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(plain.split())


def strip_unit_word(name: str) -> str:
    """Return a unit's name without the word for its kind.

    Examples
    --------
    >>> strip_unit_word("Huyện Sơn Dương"), strip_unit_word("x. Kiên Lao"), strip_unit_word("Xã Xã")
    ('Sơn Dương', 'Kiên Lao', 'Xã')
    """
    text = " ".join(unicodedata.normalize("NFC", name).split())
    lower = text.casefold()
    for word in UNIT_WORDS:
        rest = lower.removeprefix(word)
        if rest != lower and rest.strip() and (word.endswith(".") or rest[0] == " "):
            return text[len(word) :].strip()
    return text


def slugify(name: str) -> str:
    """Return an ASCII name for a folder.

    Examples
    --------
    >>> slugify("Huyện Lục Ngạn")
    'huyen-luc-ngan'
    """
    return re.sub(r"[^a-z0-9]+", "-", normalise_name(name)).strip("-") or "area"


# The words for kinds of units, and how English names a unit of the kind.
_KINDS = {
    "Thành phố": "{} city", "Thị trấn": "{} town", "Thị xã": "{} town", "Đặc khu": "{} special zone",
    "Phường": "{} ward", "Tỉnh": "{} province", "Huyện": "{} district", "Quận": "{} district", "Xã": "{} commune",
}  # fmt: skip
_MADE_UP = " (giả lập)"


def inline_name(name: str, lang: str = "vi") -> str:
    """Return a unit's name as a sentence has it: "huyện Sơn Dương", "Sơn Dương district".

    Examples
    --------
    >>> inline_name("Huyện Sơn Dương"), inline_name("Huyện Mẫu 01 (giả lập)", "en")
    ('huyện Sơn Dương', 'Mẫu 01 district (synthetic)')
    """
    if lang == "en" and name.endswith(_MADE_UP):
        return f"{inline_name(name.removesuffix(_MADE_UP), lang)} (synthetic)"
    for word, english in _KINDS.items():
        if name.startswith(word + " "):
            rest = name[len(word) + 1 :]
            return english.format(rest) if lang == "en" else f"{word.lower()} {rest}"
    return name


def display_name(name: str, lang: str = "vi") -> str:
    """Return a unit's name as tables and charts have it: "Huyện Sơn Dương", "Sơn Dương district".

    Examples
    --------
    >>> display_name("Huyện Sơn Dương"), display_name("Xã Kiên Lao", "en")
    ('Huyện Sơn Dương', 'Kiên Lao commune')
    """
    return inline_name(name, lang) if lang == "en" else name
