"""The courier of SMS: judges rows by the club's rules, gives them to the gateway, and says what became of them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Self, assert_never

import attrs

from actors.board import Desk
from actors.delivery.courier import Courier, LoginRefused, PutOff, Ready, Result, Settled, TransportAway, Untouched
from actors.delivery.tally import Tally
from actors.operation import Workplace
from actors.sms import policy as rules
from actors.sms.claims import Clerk, Judged
from actors.sms.inquiries import Inquiries, Questioner, Records
from actors.sms.public_holidays import NoCalendarError
from actors.sms.quota import Quota
from actors.sms.settings import provider_of
from actors.sms.settings_window import hours_in
from actors.sms.transport import (
    Accepted,
    Answer,
    Blame,
    CanSendTogether,
    Category,
    NotSent,
    Refused,
    Sms,
    Transport,
    Unavailable,
    Unknown,
    Withheld,
)
from actors.sms.ways import name_of, transport_for
from club import DatabaseAway, DatabaseUnfit, Expired, Failed, Later, Message, Outbox, Outcome, Sent, Uncertain
from club.delivery_reports import DeliveryReports
from club.sms_answers import SmsAnswers
from club.sms_sending import SmsSending
from config.sentence import Sentence

_NOT_OURS: Final = Sentence.of("another station has taken it meanwhile")


@attrs.frozen(slots=True)
class Parcel:
    """An SMS ready to leave, and the row that it is made of."""

    sms: Sms
    judged: Judged = attrs.field(repr=False)
    parts: int


@attrs.frozen
class Circumstances:
    """What does not belong to the messages: the language of reasons, the desk, the clock, the first pause."""

    language: str
    desk: Desk
    now: Callable[[], datetime]
    pause_when_busy: timedelta


class SmsCourier(Courier[Parcel]):
    """Delivers over one transport, which stays open between runs: reports and answers come in meanwhile."""

    def __init__(
        self,
        transport: Transport,
        clerk: Clerk,
        quota: Quota,
        records: Records,
        questioner: Questioner,
        at: Circumstances,
    ) -> None:
        self._transport = transport
        self._clerk = clerk
        self._quota = quota
        self._at = at
        self._is_interrupted = False
        goes_on = questioner.may_go_on
        questioner = attrs.evolve(questioner, may_go_on=lambda: goes_on() and not self._is_interrupted)
        self._inquiries = Inquiries(transport, clerk.policy, records, questioner)
        self._judged: Mapping[int, Judged] = {}
        self._together = transport if isinstance(transport, CanSendTogether) else None
        self.most_together = 1 if self._together is None else self._together.most_together

    @classmethod
    def at(cls, workplace: Workplace, outbox: Outbox) -> Self:  # noqa: ARG003 - SMS have no attachments to load
        """Return the courier of a workplace whose settings are those of SMS.

        Raises TransportAway when the hours cannot be told: nothing is known of the country's public holidays.
        """
        settings, lease = workplace.settings, workplace.lease
        if lease is None:
            raise ValueError("SMS leave under a lease")
        try:
            hours = hours_in(settings, workplace.country, workplace.timezone, provider_of(settings))
        except NoCalendarError as unknown:
            raise TransportAway(unknown.sentence, needs_a_person=True) from unknown
        database, station = workplace.database, workplace.station
        policy = rules.Policy(settings, hours, workplace.country)
        records = Records(SmsSending(database, station), SmsAnswers(database), DeliveryReports(database, station))
        return cls(
            transport_for(settings.gateway, workplace.journal.path.with_suffix(".own")),
            Clerk(policy, records.sending, records.answers, _utc_now),
            Quota(settings, workplace.timezone, records.sending.spent, _utc_now),
            records,
            Questioner(
                language=workplace.language,
                source=name_of(settings.gateway),
                credit_low=settings.credit_low,
                now=_utc_now,
                may_go_on=lambda: lease.may_begin,
                may_leave=lambda: lease.is_held,
            ),
            Circumstances(workplace.language, workplace.desk, _utc_now, settings.retry_after),
        )

    def open(self) -> None:
        """Get the transport ready."""
        try:
            self._transport.open()
        except Unavailable as away:
            raise _away(away) from away

    def before_run(self, tally: Tally) -> None:
        """Ask the gateway what it has to tell, also when nothing may leave."""
        self._inquiries.ask(tally)
        self._at.desk.concern(self._inquiries.concern)

    def remark(self) -> Sentence | None:
        """Return until when nothing may leave, when the club's hours are over; else how the device is, if it is one."""
        closed = self._clerk.policy.hours.why_closed(self._at.now(), Category.TRANSACTIONAL)
        return self._inquiries.remark if closed is None else closed

    def opens_at(self) -> datetime | None:
        """Return when a category that may not leave now next may."""
        hours, now = self._clerk.policy.hours, self._at.now()
        openings = [hours.next_opening(now, each) for each in Category if not hours.is_open(now, each)]
        return min((each for each in openings if each is not None), default=None)

    def be_quick(self) -> None:
        """Ask the gateway again what it refused to be asked."""
        self._inquiries.ask_at_once()

    def expect(self, batch: Sequence[Message]) -> None:
        """Judge all that one claim took."""
        self._judged = self._clerk.judge(batch)
        self._quota.begin()

    def prepare(self, message: Message) -> Ready[Parcel]:
        """Return the SMS ready to leave, when it may, or what becomes of it."""
        judged = self._judged[message.id]
        match judged.admission:
            case rules.Failed(reason):
                return Settled(Failed(self._say(reason)))
            case rules.Expired(reason):
                return Settled(Expired(self._say(reason)))
            case rules.WaitUntil(at, reason):
                return PutOff(at, reason)
            case rules.MayLeave() as may:
                return self._parcel(judged, may)
        assert_never(judged.admission)

    def identity(self, message: Message) -> None:
        """Return nothing: the name under which it leaves has a column of its own, written before."""

    def may_leave(self, parcel: Parcel) -> bool:
        """Return whether hours and expiry allow it at this instant."""
        return self._clerk.policy.still_may_leave(parcel.judged.draft, self._at.now())

    def send(self, parcel: Parcel, mark: Callable[[], bool]) -> Result:
        """Give one SMS to the gateway."""

        def marked() -> bool:
            may_leave = mark()
            if may_leave:
                self._quota.leaves(parcel.parts)
            return may_leave

        try:
            answer = self._transport.send(parcel.sms, marked)
        except Unavailable as away:
            raise _away(away) from away
        return self._result(parcel, answer)

    def together(self, parcels: Sequence[Parcel]) -> int:
        """Return how many of these the transport takes at once; a text of several parts goes by itself."""
        if self._together is None:
            return 1
        alone = (place for place, parcel in enumerate(parcels) if parcel.parts > 1)
        return max(1, min(self._together.together_now, next(alone, len(parcels))))

    def send_together(
        self, parcels: Sequence[Parcel], mark: Callable[[], Collection[int]]
    ) -> Iterator[tuple[int, Result]]:
        """Give SMS to the gateway, as many at once as it takes."""
        if self._together is None or len(parcels) == 1:
            yield from super().send_together(parcels, mark)
            return

        def marked() -> Collection[int]:
            leaving = mark()
            for place in leaving:
                self._quota.leaves(parcels[place].parts)
            return leaving

        try:
            for place, answer in self._together.send_together([parcel.sms for parcel in parcels], marked):
                yield place, self._result(parcels[place], answer)
        except Unavailable as away:
            raise _away(away) from away

    def interrupt(self) -> None:
        """End what the transport waits for, from another thread."""
        self._is_interrupted = True
        self._transport.interrupt()

    def close(self) -> None:
        """Let go of connections and ports."""
        self._transport.close()

    def _parcel(self, judged: Judged, may: rules.MayLeave) -> Ready[Parcel]:
        now = self._at.now()
        if judged.name is None:
            return PutOff(now, _NOT_OURS)
        room = self._quota.reserve(may.parts)
        if not room.takes(may.parts) and room.again_at is not None and room.reason is not None:
            return PutOff(room.again_at, room.reason)
        sms = Sms(may.recipient, may.body, judged.name, judged.draft.category, may.validity)
        return Parcel(sms, judged, may.parts)

    def _result(self, parcel: Parcel, answer: Answer) -> Result:
        match answer:
            case Accepted(reference, parts):
                return Result(Settled(Sent(reference, self._remark_on(parcel, parts))), pause=self._pause())
            case Refused():
                return self._refused(parcel, answer)
            case NotSent(trouble, needs_a_person):
                raise TransportAway(trouble, needs_a_person=needs_a_person)
            case Withheld():
                return Result(Untouched())
            case Unknown(reason, reference):
                outcome = Uncertain(self._say(_uncertain(reason)), reference)
                return Result(Settled(outcome), pause=self._pause())
        assert_never(answer)

    def _pause(self) -> timedelta:
        try:
            return self._quota.pause()
        except (
            DatabaseAway,
            DatabaseUnfit,
        ):  # the answer must not be lost for it: it is known, and goes to the journal
            return timedelta(0)

    def _refused(self, parcel: Parcel, refused: Refused) -> Result:
        if refused.is_final:
            return Result(Settled(Failed(self._say(refused.reason))))
        became = Settled(self._later(parcel, refused))
        match refused.blame:
            case Blame.MESSAGE:
                return Result(became)
            case Blame.LOAD:
                return Result(became, pause=refused.retry_after or self._at.pause_when_busy)
            case Blame.ACCOUNT:
                self._inquiries.ask_credit_soon()
                return Result(became, against_club=refused.reason)
            case Blame.KEY:
                return Result(became, against_club=refused.reason, refuses_login=True)
        assert_never(refused.blame)

    def _later(self, parcel: Parcel, refused: Refused) -> Outcome:
        now = self._at.now()
        facts = self._clerk.row_facts(parcel.judged.message, parcel.judged.draft)
        verdict = self._clerk.policy.retry(parcel.judged.draft, facts, refused.reason, now, refused.retry_after)
        match verdict:
            case rules.WaitUntil(at, reason):
                return Later(self._say(reason), at - now)
            case rules.Failed(reason):
                return Failed(self._say(reason))
            case rules.Expired(reason):
                return Expired(self._say(reason))
        assert_never(verdict)

    def _remark_on(self, parcel: Parcel, parts: int | None) -> str | None:
        if parts is None or parts == parcel.parts:
            return None
        return self._say(Sentence.of("the gateway counted {theirs} SMS, not {ours}", theirs=parts, ours=parcel.parts))

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self._at.language)


def _uncertain(reason: Sentence) -> Sentence:
    return Sentence.of("the gateway was given it and did not confirm it ({why}): it may have left", why=reason)


def _away(unavailable: Unavailable) -> TransportAway:
    if unavailable.refuses_login:
        return LoginRefused(unavailable.sentence)
    return TransportAway(unavailable.sentence, needs_a_person=unavailable.needs_a_person)


def _utc_now() -> datetime:
    return datetime.now(UTC)
