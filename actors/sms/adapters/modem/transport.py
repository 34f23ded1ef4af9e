"""The transport: sends SMS by one modem, tells what became of them, takes what members answer.

Every way out of `send` answers one question: can a copy exist. Until the first Ctrl-Z leaves, none can. From then on
only `+CMGS` says that the network has it, and only a few errors that it has not; all else is Unknown, until a delivery
report of the same number and message reference settles it.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from actors.serial_port import Interrupted, PortLost
from actors.sms.adapters.modem import network
from actors.sms.adapters.modem.bring_up import Equipment
from actors.sms.adapters.modem.caution import caution_of
from actors.sms.adapters.modem.dialogue import Dialogue, Handed, Patience, Restarted
from actors.sms.adapters.modem.ledger import Ledger
from actors.sms.adapters.modem.link import Link
from actors.sms.adapters.modem.passage import Passage
from actors.sms.adapters.modem.pdu import submit
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.sim_pin import SimPin
from actors.sms.adapters.modem.verdicts import MEMORY_FULL, told, verdict
from actors.sms.parts import Segment, TextRefusedError, segments
from actors.sms.transport import (
    Accepted,
    Answer,
    Condition,
    DeliveryReport,
    Incoming,
    NotSent,
    Refused,
    Sms,
    Unavailable,
    Unknown,
    Withheld,
)
from config.sentence import Sentence
from config.system_words import system_words

_NETWORK_LOOKED_AT_SECONDS: Final = 10.0
_TRIES_OF_A_LATER_PART: Final = 3
_REFERENCES: Final = 256
_SWEPT_EVERY_SECONDS: Final = 600.0
"""A line that announced something may have been damaged: now and then the memory is read without being told."""
_DIGITS: Final = range(6, 16)
_PATIENCE: Final = Patience()


class ModemTransport:
    """Sends by one GSM modem; used by one thread but for `interrupt`.

    `folder` is the station's own, beside the journal: it remembers there what left and how the PIN fared.
    """

    def __init__(
        self,
        settings: ModemSettings,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        patience: Patience = _PATIENCE,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._now = now
        self._monotonic = monotonic
        self._link = Link(settings, SimPin(settings.pin, folder / "modem-pin.json"), now, monotonic, patience)
        self._ledger: Ledger | None = None
        self._network_seen_at = self._swept_at = 0.0
        self._concatenation = secrets.randbelow(_REFERENCES)

    def open(self) -> None:
        """Get ready to send; does nothing when it is. Raises Unavailable."""
        self._ready()

    def send(self, sms: Sms, mark: Callable[[], bool]) -> Answer:
        """Send one SMS, of one part or several; see Transport.

        `mark` is asked once, before the first part. Parts that left make the whole Unknown when another stays.
        """
        number = sms.recipient.removeprefix("+")
        if not (number.isascii() and number.isdigit() and len(number) in _DIGITS):
            return Refused(Sentence.of("this is no number that a modem can send to"), is_final=True)
        try:
            parts = segments(sms.body, self._concatenation)
        except TextRefusedError as error:
            return Refused(error.sentence, is_final=True)
        self._concatenation = (self._concatenation + 1) % _REFERENCES
        passage = Passage(sms, len(parts), mark, self._opened_ledger())
        for part in parts:
            answer = self._send_stubbornly(passage, part)
            if not isinstance(answer, int):
                return passage.ended(answer)
        return Accepted(passage.provider_reference, len(parts))

    def _send_stubbornly(self, passage: Passage, part: Segment) -> int | Answer:
        """Send a part; one after the first is tried again while it has surely not left, for the others are gone."""
        tries = _TRIES_OF_A_LATER_PART
        while True:
            tries -= 1
            try:
                answer = self._send_part(passage, part)
            except Unavailable as error:
                if self._link.is_interrupted:
                    return Withheld()
                if not passage.has_begun:
                    raise
                answer = NotSent(error.sentence)
            if not passage.has_begun or isinstance(answer, int | Unknown | Withheld) or tries == 0:
                return answer

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:  # noqa: ARG002 - the modem tells by itself
        """Yield what is newly known of SMS that left by this modem. Raises Unavailable.

        To be asked every few seconds while SMS are on their way: what the modem tells meanwhile waits in the port.
        """
        self._listen(self._ready()[0])
        yield from self._opened_ledger().untold()

    def incoming(self) -> Iterator[Incoming]:
        """Yield what came in; each is deleted in the modem once the next is asked for. Raises Unavailable."""
        dialogue, _ = self._ready()
        self._listen(dialogue)
        with self._link.translated():
            yield from self._link.mailbox.incoming(dialogue, self._now())

    def condition(self) -> Condition:
        """Return what a person may want to know of modem, network, memory and SIM card. Raises Unavailable."""
        dialogue, equipment = self._ready()
        self._listen(dialogue)
        with self._link.translated():
            level = network.signal(dialogue)
            self._link.mailbox.look_at_usage(dialogue)
        described = Sentence.of(
            "modem {model}, network {operator}, signal {level} of 31",
            model=equipment.model or "?",
            operator=equipment.operator or "?",
            level="?" if level is None else level,
        )
        said: list[Sentence] = []
        if network.is_weak(level):
            said.append(Sentence.of("the signal is weak: move the antenna"))
        if equipment.registration is network.Registration.ROAMING:
            said.append(Sentence.of("the modem is on a foreign network"))
        if not equipment.tells_reports:
            said.append(
                Sentence.of("this modem tells no delivery reports: an SMS whose answer is lost stays uncertain")
            )
        used, places = self._link.mailbox.usage or (0, 0)
        if dialogue.is_full or (places and used >= places):
            said.append(Sentence.of("the memory of the SIM card is full: delete what other programs left in it"))
        return Condition(described, tuple(said), caution_of(self._settings))

    def interrupt(self) -> None:
        """End what is being waited for, and every later wait until the transport is closed."""
        self._link.interrupt()

    def close(self) -> None:
        """Let go of the port and of the files."""
        self._link.close()
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()

    def _send_part(self, passage: Passage, part: Segment) -> int | Answer:
        """Return the message reference of a part that left, or what kept it."""
        dialogue, equipment = self._ready()
        wants_report = self._settings.reports and equipment.tells_reports
        if dialogue.stored or dialogue.direct:  # a SIM card has room for some twenty
            self._listen(dialogue)
        pdu, octets = submit(passage.sms.recipient, part, passage.sms.validity, wants_report=wants_report)
        with self._link.translated():
            self._look_at_network(dialogue)
            refusal = dialogue.offer(f"AT+CMGS={octets}")
            if refusal is not None:
                dialogue.wake()
                if refusal.final == MEMORY_FULL:
                    dialogue.is_full = True
                return NotSent(told(refusal.final))
        expected = None if self._link.last_mr is None else (self._link.last_mr + 1) % _REFERENCES
        if not self._may_leave(dialogue, passage, expected):
            return passage.kept or Withheld()
        return self._handed_over(dialogue, passage, pdu, expected)

    def _may_leave(self, dialogue: Dialogue, passage: Passage, expected: int | None) -> bool:
        """Ask the mark at the prompt, and leave the prompt when it says no or raises."""
        may = False
        try:
            may = passage.may_leave(expected, self._now()) and not self._link.is_interrupted
        finally:
            if not may:
                with contextlib.suppress(PortLost, Interrupted, Restarted):
                    dialogue.cancel()
                passage.part_stayed()
        return may

    def _handed_over(self, dialogue: Dialogue, passage: Passage, pdu: str, expected: int | None) -> int | Answer:
        """Send the irrevocable byte, and judge what comes back."""
        try:
            handed = dialogue.hand_over(pdu, expected, self._settings.answer_within.total_seconds())
        except PortLost:
            self._link.let_go()
            return Unknown(Sentence.of("the modem went away before it answered"))
        except Interrupted:
            return Unknown(Sentence.of("the program was stopped before the modem answered"))
        except Restarted:
            self._link.start_over()
            return Unknown(Sentence.of("the modem started anew before it answered"))
        if handed.mr is not None:
            self._link.last_mr = handed.mr
            passage.part_left(handed.mr)
            return handed.mr
        self._link.last_mr = expected if handed.seen is None else handed.seen
        answer = self._judged(handed)
        if isinstance(answer, Refused):
            passage.part_stayed()
        elif handed.error is None:
            self._link.recover()
        return answer

    def _judged(self, handed: Handed) -> Answer:
        if handed.error is None:
            return Unknown(Sentence.of("the modem did not answer in time"))
        answer = verdict(handed.error)
        if isinstance(answer, Refused) and handed.is_in_doubt:
            return Unknown(Sentence.of("the modem says {error}, perhaps of an earlier SMS", error=handed.error))
        return answer

    def _look_at_network(self, dialogue: Dialogue) -> None:
        """Raise Unavailable when the network was lost."""
        now = self._monotonic()
        if now - self._network_seen_at < _NETWORK_LOOKED_AT_SECONDS:
            return
        network.demand_network(dialogue, may_roam=self._settings.roaming)
        self._network_seen_at = now

    def _ready(self) -> tuple[Dialogue, Equipment]:
        """Return the talk with a modem by which an SMS may leave, and what it is. Raises Unavailable."""
        self._opened_ledger()
        dialogue, equipment = self._link.ready()
        self._network_seen_at = max(self._network_seen_at, self._link.ready_at)
        self._swept_at = max(self._swept_at, self._link.ready_at)
        return dialogue, equipment

    def _listen(self, dialogue: Dialogue) -> None:
        """Take what the modem has told by itself, and write reports down before they are deleted in it."""
        mailbox, now = self._link.mailbox, self._now()
        with self._link.translated():
            dialogue.listen()
            if dialogue.is_full or self._monotonic() - self._swept_at > _SWEPT_EVERY_SECONDS:
                mailbox.sweep(dialogue, now)
                self._swept_at = self._monotonic()
                dialogue.is_full = False
            mailbox.collect(dialogue, now)
            self._write_down(dialogue)
            mailbox.tidy(dialogue)

    def _write_down(self, dialogue: Dialogue) -> None:
        ledger, now = self._opened_ledger(), self._now()
        try:
            while dialogue.late:
                ledger.came_late(dialogue.late.pop(0), now)
            for report in self._link.mailbox.reports:
                ledger.reported(report, now)
        except OSError as error:
            raise Unavailable(_unwritable(self._folder, error), needs_a_person=True) from None

    def _opened_ledger(self) -> Ledger:
        if self._ledger is None:
            try:
                self._ledger = Ledger(self._folder / "modem-departures.jsonl", self._now())
            except OSError as error:
                raise Unavailable(_unwritable(self._folder, error), needs_a_person=True) from None
        return self._ledger


def _unwritable(folder: Path, error: OSError) -> Sentence:
    return Sentence.of(
        "the folder {folder}, where SMS that left are remembered, cannot be used ({why})",
        folder=folder,
        why=system_words(error),
    )
