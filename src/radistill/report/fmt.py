"""How numbers are written: fixed digits, units, and a dash where there is none."""

from collections.abc import Iterable, Sequence

DASH = "-"


def figure(value: float | None, digits: int = 3) -> str:
    """A figure with fixed digits, or a dash where there is none."""
    return DASH if value is None else f"{value:.{digits}f}"


def places(values: Iterable[float]) -> int:
    """The fixed digits, three at least, at which different values are written differently."""
    values = set(values)
    return next(
        (n for n in range(3, 16) if len({figure(value, n) for value in values}) == len(values)), 16
    )


def interval(ci: Sequence[float] | None, sign: bool = False) -> str:
    """`0.912 to 0.954`, or a dash."""
    if ci is None:
        return DASH
    return " to ".join(f"{value:{'+' if sign else ''}.3f}" for value in ci)


def size(count: float | None) -> str:
    """Bytes as KB or MB (powers of ten, as disks are sold)."""
    if count is None:
        return DASH
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def amount(count: float | None) -> str:
    """A large count with three significant digits: `23.5 M`."""
    if count is None:
        return DASH
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= factor:
            return f"{count / factor:#.3g}".rstrip(".") + unit
    return str(int(count))


def duration(seconds: float | None) -> str:
    """`45 s`, `12 min 5 s` or `3 h 20 min`."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    return f"{whole // 3600} h {whole % 3600 // 60} min".removesuffix(" 0 min")


def rate(value: float | None) -> str:
    """A number a second, with three significant digits at most."""
    return DASH if value is None else f"{float(f'{value:.3g}'):g}"


def milliseconds(value: float | None) -> str:
    return DASH if value is None else f"{value:.1f} ms"


def signed(value: float | None) -> str:
    """`+0.012`, or a dash; what rounds to nothing is `+0.000`, never `-0.000`."""
    return DASH if value is None else f"{round(value, 3) + 0.0:+.3f}"


def bare_p(p: float | None) -> str:
    """`0.032`, `< 0.001`, or a dash."""
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_value(p: float | None) -> str:
    """`p = 0.032`, `p < 0.001`, or `p -`."""
    text = bare_p(p)
    return f"p = {text}" if text[0].isdigit() else f"p {text}"


def yes(value: bool | None) -> str:
    """`yes`, `no` or a dash."""
    return DASH if value is None else "yes" if value else "no"
