"""The pepper: the server's part of every key's hash, kept outside the database.

Who steals the database alone cannot test guesses of keys against it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from teppan.core.errors import ConfigError, StoreError
from teppan.core.secret import Secret

BYTES = 32


class Pepper:
    """Given by configuration, or read from (and first made in) a private file.

    With neither, `value` raises `ConfigError`: several gateways over one database must share it.
    """

    def __init__(self, given: Secret | None, path: Path | None) -> None:
        self._path = path
        self._value = given.reveal().encode() if given else None

    def value(self, make: bool = False) -> bytes | None:
        """The pepper; `None` when there is none yet and none is to be made."""
        if self._value is None:
            self._value = self._read() or (self._made() if make else None)
        return self._value

    def _read(self) -> bytes | None:
        if self._path is None:
            raise ConfigError(
                "gateway keys need a pepper that all gateways of this database share: set "
                "TEPPAN_PEPPER to 32 random bytes or more (`openssl rand -hex 32`)"
            )
        try:
            found = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}") from error
        if len(found) < BYTES:
            raise StoreError(f"{self._path} is damaged: it must hold {BYTES} bytes")
        return found

    def _made(self) -> bytes | None:
        """Written whole under another name, then named once: two processes get the same one."""
        assert self._path is not None
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, secrets.token_bytes(BYTES))
            os.fsync(file)
        finally:
            os.close(file)
        try:
            os.link(draft, self._path)
        except FileExistsError:
            pass  # another process was quicker: its pepper holds
        finally:
            draft.unlink()
        return self._read()


def fingerprint(pepper: bytes) -> str:
    """Names a pepper without giving it away; kept in the database to notice a wrong one."""
    return hmac.digest(pepper, b"teppan pepper", hashlib.sha256).hex()[:32]
