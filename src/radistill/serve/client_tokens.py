"""Who may ask: tokens by name, from the command line or from a file."""

import logging
import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from radistill.errors import UsageError

SHORTEST_TOKEN = 16
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OTHERS = 0o027  # of the mode: others read or write, or the group writes
log = logging.getLogger("radistill.serve")


class Tokens:
    """tokens: by the name of the client that has it, which the logs show."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._digests = {name: _digest(token) for name, token in tokens.items()}

    def client(self, token: str) -> str | None:
        """Whose token it is. In the same time whichever it is, or none."""
        given = _digest(token)
        names = [n for n, known in self._digests.items() if secrets.compare_digest(known, given)]
        return names[0] if names else None


class TokenFile(Tokens):
    """The tokens of a file (see `read_tokens`), read again when it has changed.

    A file that cannot be used any more is logged, and the tokens before go on; one without tokens
    lets nobody in. Raises UsageError for one that cannot be used, or has none, at the start.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp = self._read_stamp()
        tokens = read_tokens(file)
        if not tokens:
            raise UsageError(f"{file}: has no token; write lines of NAME TOKEN")
        super().__init__(tokens)

    def client(self, token: str) -> str | None:
        """See `Tokens`."""
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                super().__init__(read_tokens(self._file))
                log.info("%d tokens were read anew", len(self._digests))
            except UsageError as error:
                log.error("the tokens before go on: %s", error)
        return super().client(token)

    def _read_stamp(self) -> tuple[int, ...]:
        try:
            at = self._file.stat()
        except OSError:
            return ()
        return at.st_ino, at.st_mtime_ns, at.st_ctime_ns, at.st_size


def read_tokens(file: Path) -> dict[str, str]:
    """Lines of NAME TOKEN; empty ones and those that begin with # are left out.

    Raises UsageError, naming the line but no token, if the file cannot be read, can be read by
    others than owner and group or written by others than the owner, or is not so written.
    """
    try:
        with file.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            lines = opened.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no UTF-8 text"
        raise UsageError(f"{file}: cannot be read ({why})") from None
    if os.name == "posix" and mode & _OTHERS:
        raise UsageError(f"{file}: others can read or change it; run: chmod 600 {file}")
    tokens: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        where = f"{file}, line {number}"
        if len(words) != 2 or not _NAME.fullmatch(words[0]):
            raise UsageError(f"{where}: write NAME TOKEN, the name of letters, digits and . _ -")
        name, token = words
        check_token(token, where)
        if name in tokens or token in tokens.values():
            raise UsageError(f"{where}: has the name or the token of a line before")
        tokens[name] = token
    return tokens


def check_token(token: str, where: str = "the token") -> None:
    """Raise UsageError for a token that could be guessed, or not be sent in a header."""
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise UsageError(
            f"{where}: a token must have at least {SHORTEST_TOKEN} characters of plain ASCII, "
            'such as from: python -c "import secrets; print(secrets.token_urlsafe(24))"'
        )


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
