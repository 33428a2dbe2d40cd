"""Compare, shorten and translate the names of units."""

import re
import unicodedata
from functools import lru_cache

from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.text import clean_text

# Words that stand before the name of a unit, long ones first.
UNIT_WORDS = (
    "thành phố", "thị trấn", "thị xã", "đặc khu", "phường", "tỉnh", "huyện", "quận", "xã",
    "tp.", "tt.", "tx.", "p.", "h.", "q.", "x.", "t.",
)  # fmt: skip

_ABBREVIATIONS = {
    "x": "xã", "p": "phường", "tt": "thị trấn", "tx": "thị xã", "tp": "thành phố", "h": "huyện", "q": "quận",
    "t": "tỉnh",
}  # fmt: skip
_WORD_KINDS = {
    "tỉnh": ("province",), "thành phố": ("province", "district"), "thị xã": ("district",), "huyện": ("district",),
    "quận": ("district",), "xã": ("commune",), "phường": ("commune",), "thị trấn": ("commune",),
    "đặc khu": ("commune",),
}  # fmt: skip
_TONES = "\u0300\u0301\u0303\u0309\u0323"
# What people type for the apostrophe of names such as Đắk R'Lấp.
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02c8\u2032\u00b4`", "'"))


@lru_cache(maxsize=65536)
def normalise_name(text: str) -> str:
    """Return a name without accents, case or spare spaces, for comparing what people type.

    Examples
    --------
    >>> normalise_name("  Huyện  Lục Ngạn "), normalise_name("ĐỨC PHỔ")
    ('huyen luc ngan', 'duc pho')
    >>> normalise_name("Phì \\u00d0iền"), normalise_name("Đắk R\u2019Lấp")
    ('phi dien', "dak r'lap")
    """
    plain = clean_text(text).translate(_APOSTROPHES).casefold().replace("đ", "d")
    plain = unicodedata.normalize("NFD", plain)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(plain.split())


def accented_key(name: str) -> str:
    """Normalise a name but keep its accents, with the tone after the syllable: Hoà and Hòa are one name.

    Examples
    --------
    >>> accented_key("Xã Hoà Bình") == accented_key("xã  HÒA BÌNH")
    True
    """
    plain = clean_text(name).translate(_APOSTROPHES).casefold()
    return " ".join(map(_with_tone_last, unicodedata.normalize("NFD", plain).split()))


@lru_cache(maxsize=16384)
def _with_tone_last(syllable: str) -> str:
    tones = "".join(c for c in syllable if c in _TONES)
    return unicodedata.normalize("NFC", "".join(c for c in syllable if c not in _TONES)) + tones


def expand_abbreviations(text: str) -> str:
    """Remove the list number of a name and write out the word for its kind.

    Examples
    --------
    >>> expand_abbreviations("3. x. Kiên Lao"), expand_abbreviations("TT.Chũ"), expand_abbreviations("Phì Điền")
    ('xã Kiên Lao', 'thị trấn Chũ', 'Phì Điền')
    >>> expand_abbreviations("UBND xã Kiên Lao"), expand_abbreviations("T.P Lào Cai")
    ('xã Kiên Lao', 'thành phố Lào Cai')
    """
    text = " ".join(
        re.sub(r"^([-+*•]|\d{1,3}[.)]|[IVX]{1,5}[.)])\s*", "", unicodedata.normalize("NFC", text.strip())).split()
    )
    text = re.sub(r"(?i)^(?:ubnd|uỷ ban nhân dân|ủy ban nhân dân|u\.b\.n\.d\.?)\s+(?=\S)", "", text)
    text = re.sub(r"(?i)^t\.\s*([ptx])(?:\.\s*|\s+)(?=\S)", r"t\1. ", text)
    if re.fullmatch(r"(?i)tp\.?\s*hcm", text):
        return "thành phố Hồ Chí Minh"
    match = re.match(r"(?i)(tt|tx|tp|x|p|h|q|t)(?:\.\s*|\s+)(?=\S)|(p|q)(?=\d)", text)
    return f"{_ABBREVIATIONS[(match[1] or match[2]).lower()]} {text[match.end() :]}" if match else text


def strip_footnote(text: str) -> str:
    """Return a name without the marks of footnotes after it.

    Examples
    --------
    >>> [strip_footnote(name) for name in ("Xã Kiên Lao (*)", "Chũ¹", "Phì Điền [2]", "Phường 1**", "Xã Mỹ An(1)")]
    ['Xã Kiên Lao', 'Chũ', 'Phì Điền', 'Phường 1', 'Xã Mỹ An']
    """
    return _FOOTNOTE.sub("", text)


_FOOTNOTE = re.compile(r"\s*(?:[*†‡¹²³⁴⁵⁶⁷⁸⁹⁰]+|[(\[](?:\*+|\d{1,2}|[a-z]|[¹²³⁴⁵⁶⁷⁸⁹⁰]+)[)\]])+[.,:]?\s*$")


@lru_cache(maxsize=65536)
def spelling_key(name: str) -> str:
    """Return what the spellings of one name have in common: Quí and Quý, Đăk, Đắk and Đắc, H'Leo and H’ Leo.

    Accents stay, but for the tone of a syllable that ends in c or k; spaces, hyphens and apostrophes do not.

    Examples
    --------
    >>> spelling_key("Xã Quí Sơn") == spelling_key("xã Quý Sơn"), spelling_key("Đắc Lắc") == spelling_key("ĐĂK LĂK")
    (True, True)
    >>> spelling_key("Ia H' Lốp") == spelling_key("Ia H’Lốp"), spelling_key("Tay") == spelling_key("Tai")
    (True, False)
    """
    text = re.sub(r"['’‘`´ʼ]\s*", "", name.casefold().replace("ð", "đ"))
    syllables = accented_key(re.sub(r"[-–—.]", " ", text)).split()
    return "".join(_spelling(s) for s in syllables)


def _spelling(syllable: str) -> str:
    """Return a syllable of `accented_key` in one way for all."""
    letters = syllable.rstrip(_TONES)
    tone = syllable[len(letters) :]
    if letters.isdigit():
        return letters.lstrip("0")
    if re.fullmatch(r"(qu|[bcdđghklmnpqrstvx]*)y", letters):
        letters = letters[:-1] + "i"
    letters = re.sub(r"kr(oo|o|ô)ng$", "krông", letters)
    if letters.endswith(("c", "k")):
        letters = letters[:-1] + "c"
        letters, tone = ("đăc" if letters in ("đac", "dăc") else letters), tone.replace(_ACUTE, "")
    return letters + tone


_ACUTE = "\u0301"


def word_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of units that the word before a name can mean; none for a bare name.

    Examples
    --------
    >>> word_kinds("TP. Vinh"), word_kinds("Huyện Kỳ Sơn"), word_kinds("Vinh")
    (('province', 'district'), ('district',), ())
    """
    return _WORD_KINDS.get(unit_word(text), ())


def unit_word(text: str) -> str:
    """Return the word for the kind before a name, or "".

    Examples
    --------
    >>> unit_word("TP. Vinh"), unit_word("Xã Y Tý"), unit_word("Vinh")
    ('thành phố', 'xã', '')
    """
    name = expand_abbreviations(text)
    return name[: len(name) - len(strip_unit_word(name))].strip().casefold()


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


def inline_name(name: str, lang: str | None = None) -> str:
    """Return a unit's name as a sentence has it: "huyện Sơn Dương", "Sơn Dương district".

    Examples
    --------
    >>> inline_name("Huyện Sơn Dương"), inline_name("Huyện Mẫu 01 (giả lập)", "en")
    ('huyện Sơn Dương', 'Mẫu 01 district (synthetic)')
    """
    lang = check_lang(lang)
    if lang == "en" and name.endswith(_MADE_UP):
        return f"{inline_name(name.removesuffix(_MADE_UP), lang)} (synthetic)"
    for word, english in _KINDS.items():
        if name.startswith(word + " "):
            rest = name[len(word) + 1 :]
            return english.format(rest) if lang == "en" else f"{word.lower()} {rest}"
    return name


def display_name(name: str, lang: str | None = None) -> str:
    """Return a unit's name as tables and charts have it: "Huyện Sơn Dương", "Sơn Dương district".

    Examples
    --------
    >>> display_name("Huyện Sơn Dương"), display_name("Xã Kiên Lao", "en")
    ('Huyện Sơn Dương', 'Kiên Lao commune')
    """
    lang = check_lang(lang)
    return inline_name(name, lang) if lang == "en" else name
