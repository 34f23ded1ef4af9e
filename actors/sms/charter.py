"""When others let marketing SMS pass: the operators' charter and the providers, as their pages say; with the dates.

No law sets these hours. The law (article L34-5 of the Code des postes et des communications électroniques) asks for
consent and for a free way to object in each message; the hours are in the charter that the French operators make every
provider sign, and functional messages are exempt from them. Nothing here concerns transactional messages.
"""

from datetime import time
from types import MappingProxyType
from typing import Final

from actors.sms.hours import Rule, Span
from config.sentence import Sentence
from config.weekdays import parse_days

_CHARTER: Final = Sentence.of("the hours of the operators' charter for marketing")

# AF2M, "Charte de déontologie applicable aux services de business messaging", published on 17 February 2026: from 08:00
# to 21:30, Monday to Saturday; Sundays and public holidays are tolerated but not recommended. The edition in force from
# 1 September 2024 had working days, 08:00 to 22:00 (https://af2m.org).
CHARTERS: Final = MappingProxyType(
    {
        "recommended": Rule(_CHARTER, (Span(parse_days("mon-sat"), time(8), time(21, 30)),)),
        "tolerated": Rule(_CHARTER, (Span(parse_days("mon-sun"), time(8), time(21, 30), public_holidays=True),)),
    }
)

PROVIDERS: Final = MappingProxyType(
    {
        # Two pages of OVHcloud say different things and both were up in 2026: its guides, 08:00 to 20:00 from Monday to
        # Saturday; the presentation of its API (https://www.ovhtelecom.fr/sms/api-sms.xml), no week-end and nothing
        # from 22:00 to 08:00. It keeps back what comes at other times, after it has said "sent": hence what both allow.
        "ovh": Rule(
            Sentence.of("the hours of {provider} for marketing", provider="OVHcloud"),
            (Span(parse_days("mon-fri"), time(8), time(20)),),
        ),
        # https://developers.brevo.com/reference/sendtransacsms, read in November 2026: "cannot be processed between
        # 10pm and 8am, on Sundays, and on French public holidays"; kept back likewise.
        "brevo": Rule(
            Sentence.of("the hours of {provider} for marketing", provider="Brevo"),
            (Span(parse_days("mon-sat"), time(8), time(22)),),
        ),
    }
)
"""By what `[sms.gateway]` calls its `provider`; one that is not here says nothing of hours."""
