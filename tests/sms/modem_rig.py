"""A simulated modem and the transport on it, with little patience: what tests of the modem start from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

from modem_simulator import SimulatedModem

from actors.sms.adapters.modem.dialogue import Patience
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.transport import ModemTransport
from actors.sms.transport import Accepted, Answer, NotSent, Refused, Sms, Unavailable, Unknown, Withheld

NUMBER: Final = "+33612345678"
TEXT: Final = "Votre cours de 18 h est annulé : l'eau est à 22 °C"
HURRIED: Final = Patience(command=0.6, wake=0.3, after_result=0.3, quiet=0.02)


def an_sms(reference: str = "club-1", **changes: Any) -> Sms:
    return Sms(**{"recipient": NUMBER, "body": TEXT, "reference": reference, **changes})


class Rig:
    """One modem, one transport, and the marks that were asked for."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.simulated = SimulatedModem(folder / "modem", folder / "air")
        self.at = datetime.now(UTC)
        self.marks = 0
        self.transport = self.another(**changes)

    def another(self, patience: Patience = HURRIED, **changes: Any) -> ModemTransport:
        """Return a transport as a program that starts anew has it."""
        settings = ModemSettings(
            **{
                "kind": "modem",
                "port": str(self.simulated.link),
                "answer_within": timedelta(milliseconds=700),
                **changes,
            }
        )
        return ModemTransport(settings, self.folder, now=lambda: self.at, patience=patience)

    @property
    def modem(self) -> Any:
        return self.simulated.modem

    def mark(self) -> bool:
        self.marks += 1
        return True

    def send(self, sms: Sms | None = None, mark: Callable[[], bool] | None = None) -> Answer | Unavailable:
        """Return the answer, or that the modem cannot be used; never a lie about copies."""
        before, marks = self.simulated.air(), self.marks
        answer: Answer | Unavailable
        try:
            answer = self.transport.send(sms or an_sms(), mark or self.mark)
        except Unavailable as unavailable:
            answer = unavailable
        self.judge(answer, len(self.simulated.air()) - len(before), self.marks - marks)
        return answer

    def judge(self, answer: Answer | Unavailable, copies: int, marks: int) -> None:
        """Assert that the answer says the truth about the copies that went on air."""
        match answer:
            case Accepted():
                assert copies >= 1
            case Unknown():
                assert marks == 1
            case NotSent() | Refused() | Withheld():
                assert copies == 0
            case Unavailable():
                assert (copies, marks) == (0, 0)

    def close(self) -> None:
        self.transport.close()
        self.simulated.close()


@contextmanager
def plugged_in(folder: Path, **changes: Any) -> Iterator[Rig]:
    rig = Rig(folder, **changes)
    try:
        yield rig
    finally:
        rig.close()


def wait_until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for another thread, in turns with it."""
    from threading import Event  # noqa: PLC0415 - only here

    end, never = monotonic() + seconds, Event()
    while not is_so():
        assert monotonic() < end, "it did not become so"
        never.wait(0.005)
