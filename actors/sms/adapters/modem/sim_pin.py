"""Gives a SIM card its PIN without ever using up its tries: decided by what is remembered in a file, and by the modem.

A SIM card takes three wrong PINs and is then locked. A try is written down before it is made; only one that was seen
to be right may be made again.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path
from typing import Final

from actors.sms.adapters.modem.dialogue import Dialogue, Restarted, Silent
from actors.sms.transport import Unavailable
from config.secret import Secret, SecretError
from config.sentence import Sentence
from config.system_words import system_words

_ALL_TRIES: Final = 3
_PIN: Final = re.compile(r"[0-9]{4,8}")
_SECONDS: Final = 10.0
_QUESTIONS: Final = (
    ("AT+CPINR", re.compile(r'\+CPINR: ?"?SIM PIN"?, ?(\d+).*')),  # TS 27.007 §8.65
    ("AT+SPIC", re.compile(r"\+SPIC: ?(\d+).*")),  # Simcom; SIM PIN is its first number
    ("AT^CPIN?", re.compile(r"\^CPIN: ?SIM PIN, ?\d*, ?\d+, ?\d+, ?(\d+), ?\d+")),  # Huawei: PUK, PUK2, PIN, PIN2 left
    ("AT#PCT", re.compile(r"#PCT: ?(\d+)")),  # Telit
)
_WRONG: Final = frozenset({"+CME ERROR: 16", "+CME ERROR: INCORRECT PASSWORD"})
_MISSING: Final = frozenset({"+CME ERROR: 10", "+CMS ERROR: 310", "+CME ERROR: SIM NOT INSERTED"})


class SimPin:
    """Opens the SIM card. `file` remembers tries beyond the life of the program; the PIN itself is not in it."""

    def __init__(self, pin: Secret | None, file: Path) -> None:
        self._pin = pin
        self._file = file

    def unlock(self, dialogue: Dialogue) -> None:
        """Return once the SIM card is open. Raises Unavailable, Silent, PortLost, Interrupted."""
        state = self._state(dialogue)
        if state == "READY":
            self._note_success()
            return
        if state != "SIM PIN":
            raise Unavailable(_locked(state), needs_a_person=True)
        pin = self._revealed()
        self._forbid_if_doubtful(pin, _tries_left(dialogue))
        self._write("tried", pin)
        answer = dialogue.ask(f'AT+CPIN="{pin}"', _SECONDS)
        if answer.final.upper() in _WRONG:
            self._write("refused", pin)
            raise Unavailable(
                Sentence.of("the SIM card refused the PIN: correct pin in the settings; it is not given again"),
                needs_a_person=True,
            )
        for _ in range(10):
            if self._state(dialogue) == "READY":
                self._write("right", pin)
                return
            dialogue.listen(0.5)
        raise Unavailable(
            Sentence.of("the SIM card did not open after its PIN ({error})", error=answer.final), needs_a_person=True
        )

    def _state(self, dialogue: Dialogue) -> str:
        """Return what the card waits for. Raises Unavailable without a card that answers."""
        answer = dialogue.ask("AT+CPIN?")
        state = answer.after("+CPIN:")
        if state is not None:
            return state.strip('"')
        if answer.final.upper() in _MISSING:
            raise Unavailable(Sentence.of("there is no SIM card in the modem"), needs_a_person=True)
        raise Unavailable(Sentence.of("the SIM card is not ready ({error})", error=answer.final))

    def _revealed(self) -> str:
        if self._pin is None:
            raise Unavailable(Sentence.of("the SIM card wants its PIN: write pin in the settings"), needs_a_person=True)
        try:
            pin = self._pin.reveal().strip()
        except SecretError as error:
            raise Unavailable(error.sentence, needs_a_person=True) from None
        if _PIN.fullmatch(pin) is None:
            raise Unavailable(
                Sentence.of("the PIN in the settings is not 4 to 8 digits: correct pin"), needs_a_person=True
            )
        return pin

    def _forbid_if_doubtful(self, pin: str, left: int | None) -> None:
        """Raise Unavailable unless a wrong PIN would be the first since the card was last open."""
        if left is not None and left < _ALL_TRIES:
            raise Unavailable(
                Sentence.counted(
                    "the SIM card has {n} try left: put it into a telephone, give its PIN there, then put it back",
                    "the SIM card has {n} tries left: put it into a telephone, give its PIN there, then put it back",
                    left,
                ),
                needs_a_person=True,
            )
        state, is_same = self._remembered(pin)
        if state == "refused" and is_same:
            raise Unavailable(
                Sentence.of("the SIM card refused this PIN before: correct pin in the settings; it is not given again"),
                needs_a_person=True,
            )
        if state in ("refused", "tried") and left is None:  # by whatever PIN, a try is gone
            raise Unavailable(
                Sentence.of(
                    "the SIM card may have lost a try: put it into a telephone, give its PIN there, put it back, "
                    "then delete {file}",
                    file=self._file,
                ),
                needs_a_person=True,
            )

    def _remembered(self, pin: str) -> tuple[str | None, bool]:
        """Return how the last try ended, and whether it was with this PIN; what cannot be read counts as a try."""
        try:
            said = json.loads(self._file.read_text("utf-8"))
            is_same = hmac.compare_digest(str(said["digest"]), _digest(pin, bytes.fromhex(said["salt"])))
            return str(said["state"]), is_same
        except FileNotFoundError:
            return None, False
        except (OSError, ValueError, KeyError, TypeError):
            return "tried", False

    def _note_success(self) -> None:
        """Take a try for right whose card is open: it has all its tries again, whoever opened it."""
        try:
            said = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return
        if isinstance(said, dict) and said.get("state") in ("tried", "refused"):
            self._keep({**said, "state": "right"})

    def _write(self, state: str, pin: str) -> None:
        salt = secrets.token_bytes(16)
        self._keep({"state": state, "salt": salt.hex(), "digest": _digest(pin, salt)})

    def _keep(self, said: dict[str, str]) -> None:
        """Write to the disk itself: a power cut must not make a try forgotten. Raises Unavailable."""
        fresh = self._file.with_name(self._file.name + ".new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(said, out)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)
        except OSError as error:
            raise Unavailable(
                Sentence.of(
                    "the file {file}, which remembers tries of the PIN, cannot be written ({why})",
                    file=self._file,
                    why=system_words(error),
                ),
                needs_a_person=True,
            ) from None


def _tries_left(dialogue: Dialogue) -> int | None:
    """Return how many tries the card has left, None from a modem that has no such question."""
    for question, pattern in _QUESTIONS:
        try:
            answer = dialogue.ask(question, 2.0)
        except (Silent, Restarted):
            return None
        for line in answer.lines:
            if found := pattern.fullmatch(line):
                return int(found[1])
    return None


def _locked(state: str) -> Sentence:
    if "PUK" in state:
        return Sentence.of(
            "the SIM card is blocked and wants its PUK: put it into a telephone and give the PUK of its operator there"
        )
    return Sentence.of("the modem wants {code}, which this program never gives: unlock it in a telephone", code=state)


def _digest(pin: str, salt: bytes) -> str:
    # Ten thousand PINs are soon tried whatever the digest: what protects it is that only this user reads the file.
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**12, r=8, p=1).hex()
