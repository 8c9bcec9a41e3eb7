"""Numbers and units as siunitx takes them."""

import re


def _table(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_PREFIXES = _table(
    "quecto=q ronto=r yocto=y zepto=z atto=a femto=f pico=p nano=n micro=µ milli=m centi=c deci=d deca=da deka=da "
    "hecto=h kilo=k mega=M giga=G tera=T peta=P exa=E zetta=Z yotta=Y kibi=Ki mebi=Mi gibi=Gi tebi=Ti"
)
# Short forms stand for themselves, but for "u".
_UNITS = _table(
    "ampere=A candela=cd kelvin=K kilogram=kg gram=g metre=m meter=m mole=mol second=s becquerel=Bq celsius=°C "
    "degreeCelsius=°C coulomb=C farad=F gray=Gy hertz=Hz henry=H joule=J katal=kat lumen=lm lux=lx newton=N ohm=Ω "
    "pascal=Pa radian=rad siemens=S sievert=Sv steradian=sr tesla=T volt=V watt=W weber=Wb astronomicalunit=au bel=B "
    "dalton=Da day=d decibel=dB electronvolt=eV hectare=ha hour=h litre=L liter=L minute=min neper=Np tonne=t "
    "degree=° arcminute=′ arcsecond=″ percent=% angstrom=Å byte=B atomicmassunit=u molar=M "
    "square=^2 squared=^2 cubic=^3 cubed=^3 ug=µg um=µm us=µs uL=µL ul=µl umol=µmol uM=µM uA=µA uV=µV uW=µW"
)
_PART = re.compile(r"\\(?:tothe|raiseto)\s*\{([^{}]*)\}|\\([a-zA-Z]+)|\\.|[.~\s]+|\^\{?(-?\d+)\}?|([^\\.~\s^]+)")


def number(source: str) -> str:
    """A number as it is shown.

    >>> number("1e5"), number("-2.5 +- 0.1"), number("e-3")
    ('1 × 10^5', '-2.5 ± 0.1', '10^-3')
    """
    shown = re.sub(r"\s*(?:\+-|\\pm)\s*", " ± ", source.strip())
    shown = re.sub(r"^[eEdD]([+-]?\d+)$", r"10^\1", shown)
    return re.sub(r"(?<=[\d.)])\s*[eEdD]\+?(-?\d+)$", r" × 10^\1", shown)


def unit(source: str) -> str:
    r"""A unit as it is shown.

    >>> unit(r"\kilo\gram\per\cubic\metre"), unit(r"\metre\per\second\squared"), unit("kg.m^2")
    ('kg/m^3', 'm/s^2', 'kg m^2')
    """
    shown: list[str] = []
    joint = prefix = power = ""
    for power_of, name, exponent, text in _PART.findall(source):
        if name == "per":
            joint = "/"
        elif name in _PREFIXES:
            prefix = _PREFIXES[name]
        elif name in ("square", "cubic"):
            power = _UNITS[name]
        elif power_of or exponent or name in ("squared", "cubed"):
            shown.append(_UNITS[name] if name else f"^{power_of or exponent}")
        elif sign := _UNITS.get(name, name) or text:
            joint = joint or (" " if shown and sign[0] != "/" and not shown[-1].endswith("/") else "")
            shown.append(f"{joint}{prefix}{sign}{power}")
            joint = prefix = power = ""
    return "".join(shown).strip()


def quantity(value: str, of: str) -> str:
    r"""A number with its unit.

    >>> quantity("10", r"\kilo\gram"), quantity("30", r"\degree")
    ('10 kg', '30°')
    """
    shown, sign = number(value), unit(of)
    return shown + sign if sign in ("°", "′", "″") else f"{shown} {sign}".strip()
