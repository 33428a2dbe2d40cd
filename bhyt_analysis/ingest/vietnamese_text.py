"""Parse numbers, days and text as Vietnamese offices write them.

Numbers are written 182.330 and 85,1% in Vietnamese, 182,330 and 85.1% in English, so 1.234 alone can
mean two numbers: it is never guessed. Old files hold text in the fonts TCVN3 (ABC) and VNI, which use
the codes of Latin letters for Vietnamese ones; they are recognised by the shape of Vietnamese syllables.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from bhyt_analysis.i18n.formats import MONTHS
from bhyt_analysis.i18n.text import clean_text as clean_text
from bhyt_analysis.i18n.text import printable
from bhyt_analysis.i18n.unit_names import normalise_name

STYLES = {"vi": (".", ","), "en": (",", ".")}  # separators of thousands and of decimals
NO_FIGURE = ("-", "–", "—", "…", "...", "x", "n/a", "na", "null", "không có số liệu")  # zero, or unknown?
FIRST_SERIAL, LAST_SERIAL = 36526, 55153  # the days 2000-01-01 and 2050-12-31 as Excel counts them


class UnclearCellError(ValueError):
    """A text that is not read because it is unclear what it means; ``rule`` says why."""

    def __init__(self, rule: str, text: str) -> None:
        """Hold the rule of ``rules.csv`` that the text breaks."""
        super().__init__(text)
        self.rule = rule


@dataclass(frozen=True)
class WrittenNumber:
    """The figure of a text, the words after it, and the rule that it breaks."""

    figure: str
    words: str = ""
    rule: str = ""


_APPROXIMATE = re.compile(
    r"(~|≈|±|[<>≥≤]=?|khoang|gan|tren|hon|duoi|tam|uoc|chung|about|around|circa|over|under)[\s\d].*"
)
_FIGURE = re.compile(r"([+-]? ?[0-9](?:[0-9., ]*[0-9])?|\([0-9](?:[0-9., ]*[0-9])?\)) *(.*)", re.DOTALL)
_EXPONENT = re.compile(r"[eE] ?[+-]?[0-9]+|[x×*] ?10 ?(\^|[⁰¹²³⁴-⁹]).*|\^.*")
_MARK = re.compile(r" *(?:[⁽(]?[¹²³⁰⁴-⁹*†‡①-⑳]+[⁾)]?)$")  # of a footnote, for certain
_BRACKETED = re.compile(r" *[(\[][0-9a-z]{1,2}[)\]]$")  # a footnote, or not


def split_number(text: str) -> WrittenNumber:
    """Return the figure of a text without the words and the footnote mark after it.

    Examples
    --------
    >>> split_number("1.234 người¹"), split_number("(123)")
    (WrittenNumber(figure='1.234', words='người', rule=''), WrittenNumber(figure='-123', words='', rule=''))
    >>> [split_number(t).rule for t in ("khoảng 1.200", "1,2E+03", "1.234 (1)", "10³")]
    ['approximate_number', 'exponent_number', 'footnote_number', 'footnote_number']
    """
    plain = clean_text(text).replace("\u2212", "-").lstrip("'\u2018\u2019")
    if len(plain) > 60:
        return WrittenNumber(plain)
    if not plain[:1].isdigit() and _APPROXIMATE.fullmatch(normalise_name(plain)):
        return WrittenNumber(plain, rule="approximate_number")
    if not (match := _FIGURE.fullmatch(plain)):
        return WrittenNumber(plain)
    figure, rest = match[1].replace("(", "-").rstrip(")"), match[2]
    if _EXPONENT.fullmatch(rest):
        return WrittenNumber(figure, rule="exponent_number")
    words = _MARK.sub("", rest)
    if _BRACKETED.search(words) or (words != rest and figure.lstrip("+-") == "10"):  # 10³ is a thousand, or has a note
        return WrittenNumber(figure, words, "footnote_number")
    return WrittenNumber(figure, "%" if re.fullmatch(r"[oO]/[oO]", words) else words)


def number_readings(text: str) -> dict[str, Decimal]:
    """Return the numbers that a text can mean, by the style of writing.

    Examples
    --------
    >>> number_readings("182.330")
    {'vi': Decimal('182330'), 'en': Decimal('182.330')}
    >>> number_readings("1.234.567"), number_readings("0,851"), number_readings("1 234,5"), number_readings("1.23.4")
    ({'vi': Decimal('1234567')}, {'vi': Decimal('0.851')}, {'vi': Decimal('1234.5')}, {})
    """
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return dict.fromkeys(STYLES, Decimal(text))
    readings = {}
    number = split_number(text)
    for style, (thousands, decimal) in STYLES.items():
        for mark in (re.escape(thousands), " "):
            grouped = (
                rf"([+-]?) ?((?:[1-9]\d{{0,2}}(?:{mark}\d{{3}})+)|\d{{1,15}})(?:{re.escape(decimal)}(\d{{1,15}}))?"
            )
            match = None if number.rule else re.fullmatch(grouped, number.figure[:41], re.ASCII)
            if match:
                sign, integer, decimals = match.groups()
                digits = re.sub(r"\D", "", integer)
                readings[style] = Decimal(sign + digits + (f".{decimals}" if decimals else ""))
                break
    return readings


def number_style(texts: Iterable[str]) -> str | None:
    """Return the style of all texts that have a single reading; None if there are none, or they differ.

    Examples
    --------
    >>> number_style(["1.234", "85,1%"]), number_style(["1.234", "12"]), number_style(["1,5", "1.5"])
    ('vi', None, None)
    """
    readings = map(number_readings, texts)
    styles = {next(iter(r)) for r in readings if len(r) == 1}
    return styles.pop() if len(styles) == 1 else None


class AmbiguousNumberError(UnclearCellError):
    """A number such as 1.234, which means two."""

    def __init__(self, text: str) -> None:
        """Hold the text."""
        super().__init__("ambiguous_number", text)


def parse_number(text: str, style: str | None = None) -> Decimal:
    """Return the number that a text means; ``style`` decides where the text can mean two.

    Raises ValueError for text that is no number, UnclearCellError for one that is not certain (`split_number`),
    AmbiguousNumberError for one that can be two. The words after the number are for the caller to judge.

    Examples
    --------
    >>> parse_number("182.330", "vi"), parse_number("0,851"), parse_number("12")
    (Decimal('182330'), Decimal('0.851'), Decimal('12'))
    """
    if rule := split_number(text).rule:
        raise UnclearCellError(rule, text)
    readings = number_readings(text)
    if not readings:
        raise ValueError(text)
    if len(set(readings.values())) == 1:
        return next(iter(readings.values()))
    if style not in readings:
        raise AmbiguousNumberError(text)
    return readings[style]


YEARS = (1990, 2100)  # of days in the data
_TIME = r"(?:[T ] ?(?:0?0:00|12:00(?=.*[AS][MA]$))(?::00(?:\.0+)?)?(?: ?(?:AM|SA))?(?:Z|\+0[07]:?00)?)?"


def parse_day(text: str, month_day: str = "") -> dt.date:
    """Return the day that a text means: day first, as the country writes, or year first.

    ``month_day`` is the day that a month alone means, ``"first"`` or ``"last"``; without it a month is no day. With
    ``"last"`` a quarter, a half or the first nine months of a year mean their last day.
    Raises ValueError for text that is no day, UnclearCellError for a day with the month first, with a year of two
    digits, or of a year that no data are of.

    Examples
    --------
    >>> [str(parse_day(text, "last")) for text in ("1.7.2021", "2021-12-31", "12/2021", "Tháng 7 năm 2021", "44561")]
    ['2021-07-01', '2021-12-31', '2021-12-31', '2021-07-31', '2021-12-31']
    >>> [str(parse_day(text, "last")) for text in ("30-Jun-2021", "Quý II/2021", "6 tháng đầu năm 2021")]
    ['2021-06-30', '2021-06-30', '2021-06-30']
    """
    text = re.sub(r"(?i)^(tính )?(đến )?(hết )?(ngày\s+)?", "", " ".join(text.split()))
    if match := re.fullmatch(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", text, re.ASCII):
        return check_year(dt.date(int(match[1]), int(match[3]), int(match[4])))
    in_words = r"(\d{1,2})\s+tháng\s+(\d{1,2})(?:,|\s+năm)\s+(\d{4})"
    if match := re.fullmatch(
        rf"(?i)(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{2}}|\d{{4}}){_TIME}|{in_words}", text, re.ASCII
    ):
        numbers = [g for g in match.groups() if g and g.isdigit()]
        if len(numbers[2]) == 2:
            raise UnclearCellError("two_digit_year", text)
        day, month, year = map(int, numbers)
        if month > 12 >= day:
            raise UnclearCellError("month_first", text)
        return check_year(dt.date(year, month, day))
    if year_month_day := _named_month(text):
        return check_year(dt.date(*year_month_day))
    if re.fullmatch(r"\d{5}(\.0)?", text, re.ASCII) and FIRST_SERIAL <= float(text) <= LAST_SERIAL:
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
    year_month = _year_month(text) or (_period_end(text) if month_day == "last" else None)
    if month_day and year_month:
        check_year(dt.date(*year_month, 1))
        last = calendar.monthrange(*year_month)[1]
        return dt.date(*year_month, 1 if month_day == "first" else last)
    if month_day and re.fullmatch(
        r"(?i)(?:tháng\s*|t|quý\s*|q)?[\dIV]{1,3}\s*(?:[/.-]|\s+năm\s+)\s*\d\d", text, re.ASCII
    ):
        raise UnclearCellError("two_digit_year", text)
    raise ValueError(text)


def check_year(day: dt.date) -> dt.date:
    """Return a day; raise UnclearCellError if no data are of its year, such as 2201 or 0021."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise UnclearCellError("odd_year", str(day))
    return day


_NAMED = r"(?P<name>[A-Z]{3,9})\.?|(?:thg|tháng|th)\.? ?(?P<month>\d{1,2})"
_NAMED_DAYS = tuple(
    re.compile(rf"(?i){pattern}{_TIME}", re.ASCII)
    for pattern in (
        rf"(?P<day>\d{{1,2}})[-/ ](?:{_NAMED})[-/, ]+(?P<year>\d\d(?:\d\d)?)",
        rf"(?:{_NAMED}) (?P<day>\d{{1,2}}), ?(?P<year>\d\d(?:\d\d)?)",
    )
)


def _named_month(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of "30-Jun-2021", "June 30, 2021" or "30-Thg6-2021"."""
    match = next((m for pattern in _NAMED_DAYS if (m := pattern.fullmatch(text))), None)
    word = (match["name"] or "").casefold() if match else ""
    names = [
        i for i, month in enumerate(MONTHS, 1) if word in (month[:3].casefold(), month.casefold(), month[:4].casefold())
    ]
    if match is None or not (names or match["month"]):
        return None
    if len(match["year"]) == 2:
        raise UnclearCellError("two_digit_year", text)
    return int(match["year"]), names[0] if names else int(match["month"]), int(match["day"])


def _year_month(text: str) -> tuple[int, int] | None:
    """Return year and month of "12/2021", "T12/2021", "tháng 12 năm 2021" or "2021-12"."""
    if match := re.fullmatch(r"(?i)(?:tháng\s*|t)?(\d{1,2})\s*(?:[/.-]|\s+năm\s+)\s*(\d{4})", text, re.ASCII):
        return int(match[2]), int(match[1])
    match = re.fullmatch(r"(\d{4})[-/](\d{1,2})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def _period_end(text: str) -> tuple[int, int] | None:
    """Return year and last month of "Quý II/2021", "Q2/2021", "6 tháng đầu năm 2021" or "9 tháng năm 2021"."""
    plain = normalise_name(text)
    year = r"(?: ?[/.,-] ?| nam | )(?:nam )?(\d{4})"
    if match := re.fullmatch(rf"(?:quy |quy|q ?|quarter )(iv|i{{1,3}}|[1-4]){year}", plain):
        return int(match[2]), 3 * _QUARTERS[match[1]]
    if match := re.fullmatch(r"(\d{4}) ?-?q([1-4])", plain):
        return int(match[1]), 3 * int(match[2])
    if match := re.fullmatch(rf"(?:(3|6|9) thang(?: dau)?|(?:nua|6 thang) (cuoi|sau)|(nua dau)){year}", plain):
        return int(match[4]), int(match[1] or (12 if match[2] else 6))
    return None


# --- Text in the fonts of before Unicode ---

# The letters of the codes A1 to FE in TCVN3 (TCVN 5712-1); a space for a code without a small letter.
_TCVN3 = "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
TCVN3 = {chr(0xA1 + i): letter for i, letter in enumerate(_TCVN3) if letter != " "}


def _vni() -> dict[str, str]:
    """Return VNI's pairs of a letter and the sign of its accents, with the Unicode letter of each."""
    tones = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
    circumflexes = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
    breves = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
    pairs = {"æ": "ỉ", "ó": "ĩ", "ò": "ị", "í": "í", "ì": "ì", "î": "ỵ", "ñ": "đ", "ô": "ơ", "ö": "ư"}
    for letter, base in zip("aeouyôö", "aeouyơư", strict=True):
        pairs |= {letter + sign: base + tone for sign, tone in tones.items()}
    pairs |= {letter + sign: letter + "\u0302" + tone for letter in "aeo" for sign, tone in circumflexes.items()}
    pairs |= {"a" + sign: "a\u0306" + tone for sign, tone in breves.items()}
    small = {pair: unicodedata.normalize("NFC", letter) for pair, letter in pairs.items()}
    mixed = {pair[0].upper() + pair[1:]: letter.upper() for pair, letter in small.items()}
    return small | mixed | {pair.upper(): letter.upper() for pair, letter in small.items()}


VNI = _vni()
_VNI_PAIR = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))

# A syllable: an initial, the vowels with the final (without tones), and at most one tone.
_SYLLABLE = re.compile(
    r"(ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvxg])?"
    r"(a(ch|c|i|m|ng|nh|n|o|p|t|u|y)?|ă(c|m|ng|n|p|t|k)|â(c|m|ng|n|p|t|u|y)|e(c|m|ng|n|o|p|t)?|ê(ch|m|nh|n|p|t|u|c)?|"
    r"i(ch|m|nh|n|p|t|u|a|ng)?|iê(c|m|ng|n|p|t|u)|o(c|i|m|ng|n|p|t)?|oa(ch|c|i|m|ng|nh|n|o|p|t|y)?|"
    r"oă(c|m|ng|n|t)|oe(o|n|t)?|oo(c|ng)|ô(c|i|m|ng|n|p|t|k)?|ơ(i|m|n|p|t)?|u(a|c|i|m|ng|n|p|t)?|uâ(n|ng|t|y)|"
    r"uê(ch|nh|n)?|uô(c|i|m|ng|n|t)|uơ|uy(a|ch|n|nh|t|u|p)?|uyê(n|t)|"
    r"ư(a|c|i|m|ng|n|t|u)?|ươ(c|i|m|ng|n|p|t|u)|y(nh|t|m)?|yê(m|n|ng|t|u))"
)
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_LETTERS = set("ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ")
_MARKS = set("–—−…‘’“”•≥≤€")  # occur in Unicode text, and are no letters of an old font


def is_syllable(word: str) -> bool:
    """Return whether a word can be one syllable of Vietnamese.

    Examples
    --------
    >>> [is_syllable(w) for w in ("Lục", "nghiêng", "Ngạn", "Kiªn", "Néi", "aừ")]
    [True, True, True, False, False, False]
    """
    decomposed = unicodedata.normalize("NFD", word.casefold().replace("đ", "\ue000"))
    tones = _TONES.findall(decomposed)
    base = unicodedata.normalize("NFC", _TONES.sub("", decomposed)).replace("\ue000", "đ")
    if len(tones) > 1 or not _SYLLABLE.fullmatch(base):
        return False
    return not (re.search(r"(c|ch|p|t)$", base) and tones and tones[0] not in "\u0301\u0323")


# Signs of text in Unicode that are letters in an old font: footnote marks after a word, quotation marks around it.
_LEADING, _TRAILING, _SIGNS = "«‹µ°", "¹²³°»®©™›", set("«»‹›¹²³°±¼½¾×÷µ®©™§·¬") | _MARKS
_SEPARATORS = re.compile(r"[\s\d.,;:/()\[\]\"'!?_+*=%&<>|\\-]+")
_WORD = re.compile(_SEPARATORS.pattern.replace("[", "[^", 1))
# Letters that only Unicode has: a text with one of them is in no old font.
_UNICODE_ONLY = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u0300-\u0323\u1ea0-\u1ef9]"
)


def _words(texts: Iterable[str]) -> set[str]:
    """Return the words of texts that are not ASCII, without the signs around them."""
    pieces = chain.from_iterable(_SEPARATORS.split(printable_letters(t)) for t in texts if not t.isascii())
    words = {p.lstrip(_LEADING).rstrip(_TRAILING) for p in pieces if not p.isascii() and not set(p) <= _SIGNS}
    return {w for w in words if not w.isascii()}


def printable_letters(text: str) -> str:
    """Return a text in composed letters without what is invisible, but with the soft hyphen, a letter in TCVN3."""
    return unicodedata.normalize("NFC", "\u00ad".join(map(printable, text.split("\u00ad"))))


def syllable_share(texts: Iterable[str]) -> float | None:
    """Return the share of syllables among the words that are not ASCII; None if there are no such words."""
    words = _words(texts)
    return sum(is_syllable(w) for w in words) / len(words) if words else None


def legacy_font(texts: Iterable[str]) -> str | None:
    """Return the old font of texts that belong together: "tcvn3" or "vni", "" for neither, None if in doubt.

    Examples
    --------
    >>> legacy_font(["X· Kiªn Lao", "B¶o Th¾ng"]), legacy_font(["Xaõ Kieân Lao"]), legacy_font(["Xã Kiên Lao¹, m²"])
    ('tcvn3', 'vni', '')
    """
    samples = [t for t in dict.fromkeys(texts) if not t.isascii() and not _UNICODE_ONLY.search(t)]
    plain = syllable_share(map(clean_text, samples))
    if plain is None or plain >= 0.8:
        return ""
    strange = {c for c in "".join(_words(map(clean_text, samples))).casefold() if not c.isascii()} - _LETTERS - _MARKS
    shares = {font: syllable_share(_convert_words(t, font) for t in samples) or 0.0 for font in DECODERS}
    best = max(shares, key=lambda font: shares[font])
    # A letter that Vietnamese lacks is proof; an unusual word alone is not.
    if shares[best] >= 0.8 and shares[best] > plain and (strange or (best == "vni" and plain > 0)):
        return best
    return None if plain < 0.5 and strange else ""


def from_font(text: str, font: str) -> str:
    """Convert a text of a column in an old font, but not one that is in Unicode already, nor signs around a word.

    Examples
    --------
    >>> from_font("«X· Kiªn Lao»¹", "tcvn3"), from_font("Xã Kiên Lao", "tcvn3"), from_font("Đồng", "tcvn3")
    ('«Xã Kiên Lao»¹', 'Xã Kiên Lao', 'Đồng')
    """
    if _UNICODE_ONLY.search(text):
        return text
    unicode = _convert_words(text, font)
    is_unicode = syllable_share([clean_text(text)]) == 1 and (syllable_share([unicode]) or 0) < 1
    return text if is_unicode else unicode


def _convert_words(text: str, font: str) -> str:
    """Convert each word from a font; signs around a word, such as footnote marks, stay if it is a word without them."""
    convert = DECODERS[font]

    def convert_word(word: re.Match[str]) -> str:
        core = word[0].lstrip(_LEADING).rstrip(_TRAILING)
        if core in ("", word[0]) or is_syllable(convert(word[0])) or not (core.isascii() or is_syllable(convert(core))):
            return convert(word[0])
        return convert(core).join(word[0].split(core, 1))

    return _WORD.sub(convert_word, text) if font == "tcvn3" else convert(text)


def from_tcvn3(text: str) -> str:
    """Convert text in a TCVN3 (ABC) font to Unicode.

    Examples
    --------
    >>> from_tcvn3("B¶o Th¾ng, M\\u00adêng Kh\\u00ad¬ng")
    'Bảo Thắng, Mường Khương'
    """
    return "".join(TCVN3.get(c, c) for c in text)


def from_vni(text: str) -> str:
    """Convert text in a VNI font to Unicode.

    Examples
    --------
    >>> from_vni("Xaõ Kieân Lao, huyeän Luïc Ngaïn, Ñaëng")
    'Xã Kiên Lao, huyện Lục Ngạn, Đặng'
    """
    return _VNI_PAIR.sub(lambda pair: VNI[pair[0]], text)


DECODERS = {"tcvn3": from_tcvn3, "vni": from_vni}


# --- UTF-8 that a program took for something else, and letters that it lost ---

_MISREAD_AS = ("cp1252", "cp1258", "mac_roman", "cp850", "cp437")
_SECOND = "[\x80-\xbf\u0152-\u017e\u0192\u02c6-\u02dc\u2013-\u2122]"  # what its second bytes are read as
_MOJIBAKE = re.compile(rf"[ÃÄÅÆĂ]{_SECOND}|á[º»]{_SECOND}|â€|√[^\s\w]|[├ß][^\s\w]")
_LOST_LETTER = re.compile(r"[^\W\d_](?:\?|\ufffd)+[^\W\d_]|\ufffd")


def mend_mojibake(text: str) -> str | None:
    """Return the text that was UTF-8 and read as another encoding, once or twice; None where that is not certain.

    Examples
    --------
    >>> mend_mojibake("Xã Kiên Lao".encode().decode("cp1252")), mend_mojibake("Xã Kiên Lao"), mend_mojibake("5 m²")
    ('Xã Kiên Lao', None, None)
    """
    for encoding in _MISREAD_AS if not text.isascii() and not set(text.casefold()) <= _SOUND else ():
        content = _misread_bytes(text, encoding)
        # A hard blank, the second half of à, became a plain one; between two words it may also be lost.
        content = re.sub(rb"\xc3(?= |$)(?! ?\S)", b"\xc3\xa0", re.sub(rb"\xc3  ", b"\xc3\xa0 ", content))
        decoded = _decode(content, "utf-8") if content else None
        if decoded is None or decoded == text:
            continue
        mended = unicodedata.normalize("NFC", decoded)
        if set(mended.casefold()) <= _SOUND:
            return mended
        if (again := mend_mojibake(mended)) is not None:
            return again
    return None


_SOUND = _LETTERS | _SIGNS | set(map(chr, range(32, 127))) | set("\n\t\r\u00a0\u00ad")


def _misread_bytes(text: str, encoding: str) -> bytes:
    """Return the bytes that were read as a text; none if it can't have been read as this encoding."""
    content = bytearray()
    for c in text:
        try:
            content += c.encode(encoding)
        except UnicodeEncodeError:
            if ord(c) > 255:
                return b""
            content.append(ord(c))
    return bytes(content)


def text_damage(text: str) -> str:
    """Return how a text is damaged: "mojibake", "lost_letters" (question marks for letters), or "".

    Examples
    --------
    >>> text_damage("X? Ki?n Lao"), text_damage("HoÃ BÃ¬nh"), text_damage("Có thẻ (x)"), text_damage("a.vn/?q=1")
    ('lost_letters', 'mojibake', '', '')
    """
    if "?" in text or "\ufffd" in text:
        return "lost_letters" if _LOST_LETTER.search(re.sub(r"\S*(?:://|/)\S*", "", text)) else ""
    return "mojibake" if not text.isascii() and "«" not in text and _MOJIBAKE.search(text) else ""


def decode(content: bytes) -> str | None:
    """Return the text of a file in UTF-8, UTF-16, Windows-1258 or an old font; None if none of them fits.

    Examples
    --------
    >>> decode("Xã Kiên Lao".encode("utf-16")), decode(b"x\\xe3 Ki\\xean Lao")
    ('Xã Kiên Lao', 'xã Kiên Lao')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(content, "utf-16")
    if (text := _decode(content, "utf-8-sig")) is not None:
        return text
    if content[:200].count(0) > len(content[:200]) // 4:
        return _decode(content, "utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    for encoding, font in (("cp1258", ""), ("latin-1", "tcvn3"), ("latin-1", "vni")):
        text = _decode(content, encoding)
        if text is not None and (syllable_share([DECODERS[font](text) if font else text]) or 0.0) >= 0.8:
            return unicodedata.normalize("NFC", text)
    return None


def _decode(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
