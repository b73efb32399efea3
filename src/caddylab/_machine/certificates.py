"""An authority of our own, and the certificates that it signs."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from caddylab._errors import StartFailed
from caddylab._machine.environ import inherited

PROGRAM = Path(__file__).with_name("certificates_main.py")
PATIENCE = 60.0
Names = tuple[str, ...]


class Signer:
    """Signs certificates with an authority that only the lab trusts, and that ends with the lab.

    The authority is made when it is first needed.
    """

    def __init__(self) -> None:
        self._certificate = self._key = ""
        self._signed: dict[Names, str] = {}

    def root(self) -> str:
        """Its own certificate, in base64."""
        if not self._certificate:
            self._sign([])
        return base64.b64encode(ssl.PEM_cert_to_DER_cert(self._certificate)).decode()

    def certificates(self, wanted: Sequence[Names]) -> list[str]:
        """A certificate for each of these lists of names and addresses, as PEM, its key first.

        Raises:
            StartFailed: they could not be made.
        """
        if new := [names for names in dict.fromkeys(wanted) if names not in self._signed]:
            self._signed |= zip(new, self._sign(new), strict=True)
        return [self._signed[names] for names in wanted]

    def _sign(self, names: Sequence[Names]) -> list[str]:
        asked = {"certificate": self._certificate, "key": self._key, "names": names}
        # Isolated: a PYTHONPATH of the notebook's must not replace the library that signs.
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM)], input=json.dumps(asked), env=inherited(),
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StartFailed(f"No certificates could be made:\n{done.stderr.strip()[-1000:]}")
        answer = json.loads(done.stdout)
        self._certificate, self._key = answer["certificate"], answer["key"]
        signed: list[str] = answer["signed"]
        return signed
