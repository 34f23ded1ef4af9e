"""Keeps one modem at hand: no port, an open port, ready; and knows the way back from whatever goes wrong in talking."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from actors.serial_port import Interrupted, LineMode, NotOpened, Port, PortLost, open_port
from actors.sms.adapters.modem.bring_up import Equipment, bring_up
from actors.sms.adapters.modem.dialogue import Dialogue, Patience, Restarted, Silent
from actors.sms.adapters.modem.mailbox import Mailbox
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.sim_pin import SimPin
from actors.sms.transport import Unavailable
from config.sentence import Sentence

_RESET_AGAIN_AFTER_SECONDS: Final = 120.0


class Link:
    """The way to a modem, used by one thread but for `interrupt`."""

    def __init__(
        self,
        settings: ModemSettings,
        pin: SimPin,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._settings = settings
        self._pin = pin
        self._now = now
        self._monotonic = monotonic
        self._is_interrupted = threading.Event()
        self._port: Port | None = None
        self._dialogue: Dialogue | None = None
        self._reset_at = -_RESET_AGAIN_AFTER_SECONDS
        self.mailbox = Mailbox()
        self.equipment: Equipment | None = None
        """What the modem is, while it is ready."""
        self.last_mr: int | None = None
        """The message reference that the modem gave last; None when its counter may have begun anew."""
        self.ready_at = 0.0
        """When it was brought up last, by the monotonic clock."""

    @property
    def is_interrupted(self) -> bool:
        """Whether another thread wants no more waiting."""
        return self._is_interrupted.is_set()

    def ready(self) -> tuple[Dialogue, Equipment]:
        """Return the talk with a modem by which an SMS may leave, and what it is. Raises Unavailable."""
        with self.translated():
            if self._dialogue is None:
                self._port = open_port(self._settings.port, LineMode(self._settings.baud), self._is_interrupted)
                self._dialogue = Dialogue(self._port, self._monotonic, self._patience)
            if self.equipment is None:
                self.last_mr = None
                self.mailbox.forget_places()
                self.equipment = bring_up(self._dialogue, self._settings, self._pin, self.mailbox, self._now)
                self.ready_at = self._monotonic()
            return self._dialogue, self.equipment

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise Unavailable for whatever goes wrong in talking, and leave the modem in a state that is known."""
        try:
            yield
        except NotOpened as error:
            raise Unavailable(error.sentence, needs_a_person=error.needs_a_person) from None
        except PortLost:
            self.let_go()
            raise Unavailable(
                Sentence.of("the modem at {port} went away: is it plugged in", port=self._settings.port)
            ) from None
        except Interrupted:
            raise Unavailable(Sentence.of("it was interrupted")) from None
        except Restarted:
            self.start_over()
            raise Unavailable(Sentence.of("the modem has just started anew")) from None
        except Silent:
            self.recover()
            raise Unavailable(
                Sentence.of(
                    "the modem at {port} does not answer: unplug it and plug it in again", port=self._settings.port
                )
            ) from None

    def recover(self) -> None:
        """Bring a modem that did not answer back to where it listens; as a last resort, make it start anew."""
        dialogue = self._dialogue
        if dialogue is None:
            return
        try:
            dialogue.wake()
        except Silent:
            self._reset(dialogue)
        except Restarted:
            self.start_over()
        except PortLost:
            self.let_go()
        except Interrupted:
            return

    def start_over(self) -> None:
        """Bring the modem up anew before the next SMS: it forgot all settings, the port is still there."""
        self.equipment = None
        if self._dialogue is not None:
            self._dialogue.forget_doubts()

    def let_go(self) -> None:
        """Close the port; the next SMS opens it again."""
        self.equipment = None
        self._dialogue = None
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def interrupt(self) -> None:
        """End what is being waited for, and every later wait until `close`."""
        self._is_interrupted.set()
        port = self._port
        if port is not None:
            port.interrupt()

    def close(self) -> None:
        """Close the port; may be used again."""
        self.let_go()
        self._is_interrupted.clear()

    def _reset(self, dialogue: Dialogue) -> None:
        """Tell it to start anew, not again while it may still be starting; opening the port again wakes some, too."""
        if self._monotonic() - self._reset_at > _RESET_AGAIN_AFTER_SECONDS:
            self._reset_at = self._monotonic()
            with contextlib.suppress(PortLost):
                dialogue.shout("ATZ")
                dialogue.shout("AT+CFUN=1,1")
        self.let_go()
