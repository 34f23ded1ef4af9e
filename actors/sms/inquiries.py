"""What the gateway is asked before anything leaves: what members answered, what became of SMS, what nobody knows."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Final

import attrs

from actors.delivery.tally import Tally
from actors.sms.numbers import NumberRefusedError, to_e164
from actors.sms.optout import Wish, doubtful, wish_of
from actors.sms.policy import Draft, Policy
from actors.sms.refusals import Refusals
from actors.sms.transport import (
    Absent,
    CanLookUp,
    CanReceive,
    CanReport,
    Category,
    Condition,
    DeliveryReport,
    Fate,
    Found,
    HasCondition,
    HasCredit,
    Incoming,
    Sighting,
    Sms,
    Transport,
    Unavailable,
)
from club.delivery_reports import DeliveryReports, Report
from club.sms_answers import Received, SmsAnswers
from club.sms_sending import SmsSending, Unsettled
from config.sentence import Sentence

ASKING_SECONDS: Final = 10.0
"""How long a run asks before it sends: what is left over is asked in the next."""
_ASKED_AT_ONCE: Final = 100
_REPORTS_COME_WITHIN: Final = timedelta(days=2)
_LOOKED_UP_AT_MOST: Final = 300
"""In one run: a program that is started again and again does not run down the gateway with what it has forgotten."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_CREDIT_PAUSE_SECONDS: Final = 3600.0
_CONDITION_PAUSE_SECONDS: Final = 600.0


@attrs.frozen
class Records:
    """Where the club keeps what is learnt."""

    sending: SmsSending
    answers: SmsAnswers
    reports: DeliveryReports


@attrs.frozen
class Questioner:
    """Who asks: the language of what is written down, the way's name, the lowest credit, and two clocks.

    `may_go_on` is False when the run is to end, `may_leave` when nothing may leave from here.
    """

    language: str
    source: str
    credit_low: int
    now: Callable[[], datetime]
    may_go_on: Callable[[], bool]
    may_leave: Callable[[], bool]
    clock: Callable[[], float] = monotonic


class Inquiries:
    """Asks what the transport can be asked, and writes down what it says. Raises DatabaseAway and DatabaseUnfit.

    A gateway that does not answer a question may still take SMS: `concern` then says so, and sending goes on.
    """

    def __init__(self, transport: Transport, policy: Policy, records: Records, questioner: Questioner) -> None:
        self._transport = transport
        self._policy = policy
        self._records = records
        self._who = questioner
        self._unwritten: list[Report] = []
        self._reported_to = 0
        self._looked_to = 0
        self._asked_again_at: dict[int, float] = {}
        self._credit_at = self._condition_at = float("-inf")
        self._refusals = Refusals(self._who.clock)
        self._condition: Condition | None = None
        self._doubtful = 0
        self._low: Sentence | None = None
        self._silent: Sentence | None = None

    @property
    def concern(self) -> Sentence | None:
        """What a person should see to, though SMS leave; the most pressing first."""
        worries = () if self._condition is None else self._condition.worries
        said = [each for each in (self._silent, self._low, doubtful(self._doubtful), *worries) if each is not None]
        return Sentence.joined("; ", said) if said else None

    @property
    def remark(self) -> Sentence | None:
        """What is known of the device, if SMS leave by one."""
        if self._condition is None:
            return None
        said = [each for each in (self._condition.described, self._condition.caution) if each is not None]
        return Sentence.joined("; ", said)

    def ask(self, tally: Tally) -> None:
        """Ask everything that is due: objections first, for they decide what may leave."""
        try:
            if self._refusals.allow:
                self._ask(tally)
        finally:
            # Not counted from what came in: an objection that is doubtful stays so until a person has decided.
            self._doubtful = self._records.answers.doubtful()

    def ask_at_once(self) -> None:
        """Ask in the next run also what was refused."""
        self._refusals.forget()

    def _ask(self, tally: Tally) -> None:
        self._silent = None
        until = self._who.clock() + ASKING_SECONDS

        def goes_on() -> bool:
            return self._who.may_go_on() and self._who.clock() < until

        try:
            self._take_answers(tally, goes_on)
            self._take_reports(tally, goes_on)
            self._look_up(tally, goes_on)
            self._ask_credit()
            self._look_at_device()
        except Unavailable as away:
            if self._who.may_go_on():
                self._silent = Sentence.of("the gateway does not say what became of SMS: {why}", why=away.sentence)
                if away.refuses_login:
                    self._refusals.count()
        else:
            self._refusals.forget()

    def ask_credit_soon(self) -> None:
        """Have the credit asked for in the next run: the gateway has just refused the account."""
        self._credit_at = float("-inf")

    def _take_answers(self, tally: Tally, goes_on: Callable[[], bool]) -> None:
        if not isinstance(self._transport, CanReceive):
            return
        for incoming in self._transport.incoming():  # the next is asked for only when this one is kept
            wish = wish_of(incoming.body)
            if self._records.answers.receive(self._received(incoming, wish), self._who.source):
                tally.add("received")
                if wish in (Wish.STOP, Wish.PERHAPS_STOP):
                    tally.add(wish.value)
            if not goes_on():
                return

    def _received(self, incoming: Incoming, wish: Wish) -> Received:
        try:
            number: str | None = to_e164(incoming.sender, self._policy.country)
        except NumberRefusedError:
            number = None
        return Received(incoming.sender, number, incoming.body, wish.value, incoming.at, incoming.identity)

    def _take_reports(self, tally: Tally, goes_on: Callable[[], bool]) -> None:
        if not isinstance(self._transport, CanReport):
            return
        records = self._records.reports
        awaited = records.awaiting(_ASKED_AT_ONCE, _REPORTS_COME_WITHIN, self._reported_to)
        # Round and round: a campaign's reports are not all asked for in one run.
        self._reported_to = awaited[-1].id if len(awaited) == _ASKED_AT_ONCE else 0
        try:
            for report in self._transport.reports([each.provider_reference for each in awaited]):
                self._unwritten.append(self._report(report))
                if not goes_on():
                    break
        finally:
            self._write_reports(tally)

    def _write_reports(self, tally: Tally) -> None:
        states = self._records.reports.apply(self._unwritten).states
        self._unwritten = []
        for state, name in (("delivered", "delivered"), ("failed", "undelivered")):
            if states[state]:
                tally.add(name, states[state])

    def _report(self, report: DeliveryReport) -> Report:
        reason = None if report.reason is None else report.reason.render(self._who.language)
        return Report(report.fate.value, report.provider_reference, report.reference, report.at, reason)

    def _look_up(self, tally: Tally, goes_on: Callable[[], bool]) -> None:
        if not isinstance(self._transport, CanLookUp):
            return
        for unsettled in islice(self._due(goes_on), _LOOKED_UP_AT_MOST):
            sighting = self._sighting(unsettled)
            if sighting is None or not self._may_be_asked(sighting):
                continue
            finding = self._transport.look_up(sighting, self._who.now())
            match finding:
                case Found(reference, fate):
                    if self._records.sending.settle_found(unsettled, reference):
                        tally.add("found")
                    if fate is not Fate.ON_ITS_WAY:
                        self._unwritten.append(Report(fate.value, reference, unsettled.sent_as))
                        self._write_reports(tally)
                case Absent():
                    if self._records.sending.settle_absent(unsettled):
                        tally.add("put_back")
                case _:
                    self._ask_later(unsettled)

    def _due(self, goes_on: Callable[[], bool]) -> Iterator[Unsettled]:
        """Yield those whose pause is over, where the last run left off first."""
        now = self._who.clock()
        self._asked_again_at = {each: at for each, at in self._asked_again_at.items() if at > now}
        while goes_on():
            page = self._records.sending.unsettled(_ASKED_AT_ONCE, timedelta(0), after=self._looked_to)
            for unsettled in page:
                self._looked_to = unsettled.id
                if unsettled.id not in self._asked_again_at:
                    yield unsettled
                if not goes_on():
                    return
            if len(page) < _ASKED_AT_ONCE:
                self._looked_to = 0
                return

    def _sighting(self, unsettled: Unsettled) -> Sighting | None:
        if unsettled.sent_as is None:
            return None
        category = Category(unsettled.category)
        text = self._policy.text_of(Draft(unsettled.number, unsettled.body, category))
        validity = None if unsettled.expires_at is None else unsettled.expires_at - unsettled.began_at
        sms = Sms(unsettled.number, text, unsettled.sent_as, category, validity)
        return Sighting(
            sms,
            unsettled.began_at,
            unsettled.provider_reference,
            lambda name: self._records.sending.is_another_s(name, unsettled.id),
        )

    def _may_be_asked(self, sighting: Sighting) -> bool:
        """Whether asking may be done now: where it may send, only as if it were sent."""
        if not getattr(self._transport, "may_send_when_asked", False):
            return True
        sms = sighting.sms
        if not (self._who.may_leave() and self._policy.hours.is_open(self._who.now(), sms.category)):
            return False
        return sms.category is not Category.MARKETING or not self._records.answers.refusing([sms.recipient])

    def _ask_later(self, unsettled: Unsettled) -> None:
        # As long as it is old: a program that was started anew, and knows no pause, asks once more, not again from
        # minute to minute.
        age = self._who.now() - unsettled.began_at
        pause = min(max(age, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._asked_again_at[unsettled.id] = self._who.clock() + pause.total_seconds()

    def _ask_credit(self) -> None:
        low = self._who.credit_low
        if not isinstance(self._transport, HasCredit) or not low or self._who.clock() < self._credit_at:
            return
        self._credit_at = self._who.clock() + _CREDIT_PAUSE_SECONDS
        left = self._transport.credit()
        self._low = None
        if left is not None and left <= low:
            self._low = Sentence.of(
                "the credit at the gateway runs low ({left}): buy some before SMS have to wait", left=f"{left:g}"
            )

    def _look_at_device(self) -> None:
        if not isinstance(self._transport, HasCondition) or self._who.clock() < self._condition_at:
            return
        self._condition = self._transport.condition()
        self._condition_at = self._who.clock() + _CONDITION_PAUSE_SECONDS
