"""Telephone numbers as people type them, to the E.164 of a mobile; or the reason why no SMS can go there.

The numbers of each country come from phonenumbers, which is imported only when a number is read: 35 ms and 8 MB that a
station without SMS need not pay.
"""

import re
import unicodedata
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Final

from config.sentence import Sentence, SentenceError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# One numbering plan of ten digits for all of them: 0690 dialled in Paris rings in Guadeloupe, although from abroad it
# is +590 690 (ARCEP, decision 2018-0881). Hence 0690 and +33 690 can mean one number only.
_FRENCH_CODES: Final = (33, 262, 590, 594, 596)
_OVERSEAS: Final = tuple(str(code) for code in _FRENCH_CODES if code > 100)  # noqa: PLR2004 - codes of three digits
_FRENCH_LENGTH: Final = 9

_WRITTEN: Final = re.compile(r"[\d\s().+/*#-]+")
_SEVERAL: Final = re.compile(r"[;,|\n]|/(?=\s*[+0]\d)|\b(?:ou|et|or|and)\b", re.IGNORECASE)
_TWO_FRENCH: Final = re.compile(r"(?:0[1-9]\d{8}){2,}")
_A_NUMBER: Final = 8
"""So many digits are a number of their own."""
_SHORT: Final = 6
_WHOLE_E164: Final = re.compile(r"\+[1-9]\d{6,14}")


class NumberRefusedError(SentenceError):
    """No SMS can go to this number; the sentence says why, and never the number."""


def to_e164(text: str, country: str) -> str:
    """Return the mobile number of a text as E.164, `+33612345678`.

    `country` is the club's, as ISO 3166 writes it: what a number without country code belongs to; the French overseas
    departments share France's national numbers. Foreign numbers need their + or 00. Raises NumberRefusedError.
    """
    written = _plain(text)
    _check_writing(written)
    _check_meant(_digits(written))
    found = _reading(written, country)
    is_overseas = str(found.country_code) in _OVERSEAS
    _check_meant(
        str(found.national_number), prefix=3 if is_overseas else 1
    )  # 0690 is to Guadeloupe what 06 is to Paris
    numbers = _phonenumbers()
    return str(numbers.format_number(found, numbers.PhoneNumberFormat.E164))


def mask(number: str) -> str:
    """Return a number for logs and lists: `+33 6 ** ** ** 78`. Of what is no E.164, at most the last two digits."""
    if not _WHOLE_E164.fullmatch(number):
        digits = _digits(number)
        return f"** {digits[-2:]}" if len(digits) >= _A_NUMBER else "**"
    if number.startswith("+33"):
        return f"+33 {number[3]} ** ** ** {number[-2:]}"
    if number[1:4] in _OVERSEAS:
        return f"{number[:4]} {number[4:7]} ** ** {number[-2:]}"
    return f"{number[:3]} {'*' * (len(number) - 5)} {number[-2:]}"


def _plain(text: str) -> str:
    """Return the text with digits and signs of any width as plain ones, and without what cannot be seen."""
    # Contacts copied from a telephone bring U+202A and U+202C with them; spreadsheets bring no-break spaces.
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    plain = unicodedata.normalize("NFKC", seen)
    return re.sub(r"[\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}]", "-", plain).strip()


def _check_writing(written: str) -> None:
    if not written:
        raise NumberRefusedError(Sentence.of("no number"))
    pieces = [piece for piece in _SEVERAL.split(written) if len(_digits(piece)) >= _A_NUMBER]
    if len(pieces) > 1 or _TWO_FRENCH.fullmatch(_digits(written)):
        raise NumberRefusedError(Sentence.of("several numbers in one field: write one row for each"))
    if not _WRITTEN.fullmatch(written):
        raise NumberRefusedError(Sentence.of("holds letters or signs that no number has"))
    if written.count("+") > 1 or "+" in written[1:] or re.search(r"[*#]", written):
        raise NumberRefusedError(Sentence.of("holds letters or signs that no number has"))


def _reading(written: str, country: str) -> "PhoneNumber":
    """Return the one mobile number that the digits can mean."""
    numbers = _phonenumbers()
    try:
        first: PhoneNumber = numbers.parse(written, country)
    except numbers.NumberParseException as error:
        raise NumberRefusedError(_unreadable(written, error.error_type)) from None
    if _is_mobile(first):
        return first
    others = [other for other in _elsewhere_in_france(first) if numbers.is_valid_number(other)]
    mobiles = [other for other in others if _is_mobile(other)]
    if len(mobiles) > 1:
        raise NumberRefusedError(
            Sentence.of("may be of several overseas departments: write it with +262, +590, +594 or +596")
        )
    if mobiles and not numbers.is_valid_number(first):
        return mobiles[0]
    known = [first, *others]
    raise NumberRefusedError(_why_not(next((each for each in known if numbers.is_valid_number(each)), first), written))


def _elsewhere_in_france(number: "PhoneNumber") -> "list[PhoneNumber]":
    """Return the same nine digits under the other codes of the French plan, where it is one of them."""
    digits = str(number.national_number)
    if number.country_code not in _FRENCH_CODES or len(digits) != _FRENCH_LENGTH:
        return []
    make = _phonenumbers().PhoneNumber
    return [
        make(country_code=code, national_number=number.national_number)
        for code in _FRENCH_CODES
        if code != number.country_code
    ]


def _is_mobile(number: "PhoneNumber") -> bool:
    numbers = _phonenumbers()
    types = numbers.PhoneNumberType
    # Countries such as the USA do not tell a mobile from a landline by its number.
    return numbers.number_type(number) in (types.MOBILE, types.FIXED_LINE_OR_MOBILE)


def _unreadable(written: str, error_type: int) -> Sentence:
    kinds = _phonenumbers().NumberParseException
    if error_type == kinds.INVALID_COUNTRY_CODE and not written.startswith(("+", "00")):
        return Sentence.of("has no country code, and nothing is known of national numbers in the club's country")
    if error_type == kinds.INVALID_COUNTRY_CODE:
        return Sentence.of("no country has this code: foreign numbers begin with + or 00 and the country's code")
    if error_type == kinds.TOO_LONG:
        return Sentence.of("too many digits")
    return Sentence.of("too few digits") if _digits(written) else Sentence.of("no number")


def _why_not(number: "PhoneNumber", written: str) -> Sentence:
    """Return why a number that was read takes no SMS."""
    numbers = _phonenumbers()
    types = numbers.PhoneNumberType
    match numbers.number_type(number):
        case types.FIXED_LINE:
            return Sentence.of("a landline, which takes no SMS")
        case types.VOIP:
            return Sentence.of("the line of an internet box, which takes no SMS")
        case types.UNKNOWN:
            return _why_invalid(number, written)
        case _:
            return Sentence.of("a special number (free, shared or premium), which takes no SMS")


def _why_invalid(number: "PhoneNumber", written: str) -> Sentence:
    numbers = _phonenumbers()
    digits = len(str(number.national_number))
    if len(_digits(written)) <= _SHORT:
        return Sentence.of("a short number, which takes no SMS from a club")
    # phonenumbers takes the lengths of special numbers into account: 8 and 10 digits are possible for it in France.
    possible = numbers.is_possible_number_with_reason(number)
    reasons = numbers.ValidationResult
    is_french = number.country_code in _FRENCH_CODES
    if possible in (reasons.TOO_SHORT, reasons.IS_POSSIBLE_LOCAL_ONLY) or (is_french and digits < _FRENCH_LENGTH):
        return Sentence.of("too few digits")
    if possible != reasons.TOO_LONG and not (is_french and digits > _FRENCH_LENGTH):
        return Sentence.of("no operator has given out numbers that begin like this")
    if written.startswith(("+", "00")):
        return Sentence.of("too many digits")
    return Sentence.of("too many digits for a national number: foreign ones begin with + or 00")


def _check_meant(digits: str, prefix: int = 1) -> None:
    """Refuse patterns that people type to get past a field: they may well be a stranger's number."""
    if len(digits) < _A_NUMBER:
        return
    rest = digits.lstrip("0")[prefix:]
    is_counted = rest in "0123456789012345678" or rest in "9876543210987654321"
    is_repeated = len(set(rest)) <= 1 or len(set(re.findall("..", digits.zfill(10)))) == 1
    if is_counted or is_repeated:
        raise NumberRefusedError(Sentence.of("a number that is typed when there is none: ask the member for theirs"))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@cache
def _phonenumbers() -> ModuleType:
    import phonenumbers  # noqa: PLC0415 - see the module's first lines

    return phonenumbers
