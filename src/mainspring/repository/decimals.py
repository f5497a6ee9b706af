"""Decimals to the last digit. Python's own arithmetic rounds to the 28 digits of its context, or fails beyond them."""

from decimal import Context, Decimal
from fractions import Fraction
from math import isfinite

__all__ = ["MOST_DIGITS", "fraction_fits", "is_multiple", "is_writable", "scaled", "shortest"]

#: Digits before the point, and behind it. No column needs as many, and a number of a few characters can have a billion.
MOST_DIGITS = 1000


def is_writable(value: Decimal) -> bool:
    """Whether a finite decimal written without exponent has a bearable length."""
    return value.adjusted() < MOST_DIGITS and _places(value) <= MOST_DIGITS


def scaled(value: Decimal, scale: int) -> Decimal:
    """The same number with exactly that many digits behind the point, of which it has no more that count."""
    enough = Context(prec=max(value.adjusted(), 0) + scale + 2)
    return value.quantize(Decimal((0, (1,), -scale)), context=enough)


def fraction_fits(value: Decimal, scale: int) -> bool:
    """Whether the digits behind the point that count are no more than that."""
    surplus = _places(value) - scale
    return surplus <= 0 or not any(value.as_tuple().digits[-surplus:])


def shortest(value: Decimal) -> Decimal:
    """The same number without zeros at the end of its fraction."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or exponent >= 0:
        return value
    if not any(digits):
        return Decimal(0)
    zeros = 0
    while zeros < -exponent and digits[-1 - zeros] == 0:
        zeros += 1
    return Decimal((sign, digits[: len(digits) - zeros], exponent + zeros))


def is_multiple(value: Decimal | float, step: Decimal | float) -> bool:
    """Whether a number is a whole number of steps, both as they are written."""
    return isfinite(value) and (Fraction(str(value)) / Fraction(str(step))).denominator == 1


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
