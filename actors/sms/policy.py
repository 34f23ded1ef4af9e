"""Decides what an SMS may do now (leave, wait, fail, expire) and when it is tried again: pure, of facts and now."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from actors.retrying import RowFacts, wait_after, why_given_up
from actors.sms.hours import Hours
from actors.sms.numbers import NumberRefusedError, to_e164
from actors.sms.optout import has_mention
from actors.sms.parts import count_parts, objection_to, too_long
from actors.sms.reckoning import folded_if_cheaper
from actors.sms.settings_sending import SendingSettings
from actors.sms.transport import Category
from config.sentence import Sentence

_LONGEST_VALIDITY: Final = timedelta(days=30)
"""No operator tries for so long; and "9999-12-31", which programs write for "never", gateways refuse as a number."""


@attrs.frozen
class Draft:
    """An SMS as a program of the club wrote it: nothing of it is checked."""

    recipient: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    category: Category = Category.TRANSACTIONAL
    expires_at: datetime | None = None


@attrs.frozen
class MayLeave:
    """It may leave now, to this E.164 number, with this text, which makes so many parts."""

    recipient: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    parts: int
    validity: timedelta | None = None
    """How long it is still worth delivering; None: as long as the operator likes to try."""


@attrs.frozen
class WaitUntil:
    """Not now: to be looked at again at `at`."""

    at: datetime
    reason: Sentence


@attrs.frozen
class Failed:
    """Never: the row ends with this reason."""

    reason: Sentence


@attrs.frozen
class Expired:
    """Too late, or it would be by the time it may leave: the row ends `expired` with this reason."""

    reason: Sentence


Admission = MayLeave | WaitUntil | Failed | Expired


@attrs.frozen
class Policy:
    """The club's rules for SMS. `country` is where numbers without a country code belong."""

    settings: SendingSettings
    hours: Hours
    country: str

    def admit(self, draft: Draft, now: datetime, *, is_opted_out: bool = False) -> Admission:
        """Return what the SMS may do now; `is_opted_out`: its recipient objected to marketing.

        What can never leave fails at once, also at night; what may leave later waits for its hours, or expires.
        """
        if draft.expires_at is not None and draft.expires_at <= now:
            return Expired(Sentence.of("it expired before it could leave"))
        try:
            recipient = to_e164(draft.recipient, self.country)
        except NumberRefusedError as refused:
            return Failed(Sentence.of("the number cannot be used: {why}", why=refused.sentence))
        body = self.text_of(draft)
        objection = self._objection_to(body, draft.category, is_opted_out=is_opted_out)
        if objection is not None:
            return Failed(objection)
        closed = self._closed(draft.category, draft.expires_at, now)
        if closed is not None:
            return closed
        validity = None if draft.expires_at is None else draft.expires_at - now
        if validity is not None and validity > _LONGEST_VALIDITY:
            validity = None
        return MayLeave(recipient, body, count_parts(body), validity)

    def text_of(self, draft: Draft) -> str:
        """Return the text that leaves: folded where the settings ask it for its category and it saves a part."""
        return folded_if_cheaper(draft.body) if draft.category in self.settings.fold else draft.body

    def still_may_leave(self, draft: Draft, now: datetime) -> bool:
        """Return whether hours and expiry allow it at this instant: asked again at once before the irrevocable byte."""
        is_late = draft.expires_at is not None and draft.expires_at <= now
        return not is_late and self.hours.is_open(now, draft.category)

    def retry(
        self, draft: Draft, row: RowFacts, why: Sentence, now: datetime, retry_after: timedelta | None = None
    ) -> WaitUntil | Failed | Expired:
        """Return when it is tried again after a refusal for now or a transport that broke, or that it is given up.

        `why` is what happened, `retry_after` what the gateway asked for: it is never asked sooner. A wait that would
        end outside the hours ends with the next opening.
        """
        wait = max(wait_after(row.attempts, self.settings), retry_after or timedelta())
        at = self.hours.next_opening(now + wait, draft.category)
        if at is None:
            return Failed(Sentence.of("{why}; and the hours never open again", why=why))
        reason = why_given_up(row, at, why, self.settings, now)
        if reason is None:
            return WaitUntil(at, why)
        is_too_late = row.expires_at is not None and at >= row.expires_at
        return Expired(reason) if is_too_late and row.attempts < self.settings.max_attempts else Failed(reason)

    def _objection_to(self, body: str, category: Category, *, is_opted_out: bool) -> Sentence | None:
        objection = objection_to(body)
        if objection is not None:
            return objection
        parts = count_parts(body)
        if parts > self.settings.max_parts:
            return too_long(parts, self.settings.max_parts)
        if category is not Category.MARKETING:
            return None
        if is_opted_out:
            return Sentence.of("the member answered STOP: no marketing may be sent")
        if not self.settings.gateway_adds_stop and not has_mention(body):
            return Sentence.of("marketing must say how to object, as in: STOP 36180")
        return None

    def _closed(self, category: Category, expires_at: datetime | None, now: datetime) -> WaitUntil | Expired | None:
        reason = self.hours.why_closed(now, category)
        if reason is None:
            return None
        opening = self.hours.next_opening(now, category)
        if opening is None:
            return Expired(reason)
        if expires_at is not None and opening >= expires_at:
            return Expired(Sentence.of("it would expire before it may leave: {why}", why=reason))
        return WaitUntil(opening, reason)
