"""Makes the SMS of one claim ready together: who objects, which numbers, what each is called at the provider."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from actors.retrying import RowFacts
from actors.sms.numbers import NumberRefusedError, to_e164
from actors.sms.policy import Admission, Draft, MayLeave, Policy
from actors.sms.transport import Category
from club import Message
from club.sms_answers import SmsAnswers
from club.sms_sending import Prepared, SmsSending


@attrs.frozen(slots=True)
class Judged:
    """A claimed SMS, what it may do, and the name under which it leaves, None when it is no longer ours."""

    message: Message
    draft: Draft
    admission: Admission
    name: str | None = None


@attrs.frozen
class Clerk:
    """Judges a claim with two questions to the database and one commit, however many SMS it holds."""

    policy: Policy
    sending: SmsSending
    answers: SmsAnswers
    now: Callable[[], datetime]

    def judge(self, batch: Sequence[Message]) -> Mapping[int, Judged]:
        """Return the SMS of a claim by id; those that cannot be read are left out."""
        now = self.now()
        drafts = {message.id: draft_of(message, now) for message in batch if message.problem is None}
        objecting = self._objecting(drafts.values())
        judged = {
            message.id: Judged(message, draft, self._admit(draft, now, objecting))
            for message in batch
            if (draft := drafts.get(message.id)) is not None
        }
        names = self.sending.prepare(
            [
                Prepared(each.message, each.admission.recipient, each.admission.parts)
                for each in judged.values()
                if isinstance(each.admission, MayLeave)
            ]
        )
        return {id_: attrs.evolve(each, name=names.get(id_)) for id_, each in judged.items()}

    def row_facts(self, message: Message, draft: Draft) -> RowFacts:
        """Return what a retry depends on: this attempt counts, and time runs from when it could first leave."""
        wanted_at = message.created_at or self.now()
        if message.not_before is not None:
            wanted_at = max(wanted_at, message.not_before)
        due_at = self.policy.hours.next_opening(wanted_at, draft.category) or wanted_at
        return RowFacts(message.attempts + 1, due_at, draft.expires_at)

    def _admit(self, draft: Draft, now: datetime, objecting: frozenset[str]) -> Admission:
        is_opted_out = draft.category is Category.MARKETING and self._number(draft) in objecting
        return self.policy.admit(draft, now, is_opted_out=is_opted_out)

    def _objecting(self, drafts: Iterable[Draft]) -> frozenset[str]:
        asked = {self._number(draft) for draft in drafts if draft.category is Category.MARKETING}
        return self.answers.refusing([number for number in asked if number is not None])

    def _number(self, draft: Draft) -> str | None:
        try:
            return to_e164(draft.recipient, self.policy.country)
        except NumberRefusedError:
            return None


def draft_of(message: Message, now: datetime) -> Draft:
    """Return an SMS as its row has it; its end is brought from the database's clock to this computer's."""
    category = Category(message.text("category"))
    return Draft(message.text("recipient"), message.text("body"), category, message.ends_at(now))
