"""Bytes and marked-up text -> plain text."""

import codecs
import html
import re
import unicodedata

LONGEST = 200_000  # characters of one report that are read; real ones have some thousands

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]{0,1000}>")
_DROPPED = re.compile(r"<(script|style|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.S | re.I)
_INLINE = {"a", "b", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"}
# Curly quotes, dashes of all widths.
_SPELLING = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2012\u2013\u2014", "''\"\"-----")


def decode(content: bytes) -> str:
    """Text of a file: by its byte order mark, else UTF-8, else Windows-1252, which never fails.

    Raises ValueError on NUL characters: such a file is not text.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
            break
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = _mixed(content)
    if "\0" in text:
        raise ValueError("is not text")
    return text


def _mixed(content: bytes) -> str:
    """Decode a file with lines of UTF-8 and of Windows-1252, such as exports joined by hand."""
    lines = []
    for line in content.splitlines(keepends=True):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", errors="replace"))
    return "".join(lines)


def plain(text: str) -> str:
    """One report without markup and unusual characters, cut to `LONGEST` characters.

    HTML is recognised by its tags, blocks become lines. Quotes and dashes become those of ASCII.
    """
    text = text[:LONGEST]
    if "<" in text and _TAG.search(text):
        text = _TAG.sub(_line_or_nothing, _DROPPED.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SPELLING)
    return text


def _line_or_nothing(tag: re.Match[str]) -> str:
    return "" if tag[2].lower() in _INLINE else "\n"
