"""The settings of a GSM modem: the table `[sms.gateway]` when its kind is modem."""

from datetime import timedelta
from typing import Literal

import attrs

from actors.serial_port.naming import PORT_TEXTS, objection_to_port
from config.checks import Between, Judged, Matching
from config.declaration import setting
from config.kinds import Duration
from config.secret import Secret
from config.sentence import Sentence


@attrs.frozen(kw_only=True)
class ModemSettings:
    """The keys of `[sms.gateway]` for a GSM modem."""

    kind: Literal["modem"] = setting(help=Sentence.of("what the SMS leave by: modem, a GSM modem with a SIM card"))
    port: str = setting(
        check=Judged(objection_to_port, PORT_TEXTS),
        example="COM3",
        help=Sentence.of("the serial port of the modem"),
    )
    baud: int = setting(
        115_200, check=Between(300, 4_000_000), help=Sentence.of("the speed of the port; a modem on USB has none")
    )
    pin: Secret | None = setting(
        None,
        example="keyring:sim-pin",
        help=Sentence.of("the PIN of the SIM card; given only while the card has all its tries"),
    )
    sms_centre: str | None = setting(
        None,
        check=Matching(r"\+[0-9]{6,15}", Sentence.of("a number such as +33609001390")),
        example="+33609001390",
        help=Sentence.of("the operator's SMS centre; by default that of the SIM card"),
    )
    contract_for_programs: bool = setting(
        False,
        help=Sentence.of(
            "whether the SIM card's contract allows SMS from programs (M2M, A2P); else the status and doctor warn"
        ),
    )
    roaming: bool = setting(False, help=Sentence.of("whether SMS may leave by a foreign network, which costs more"))
    reports: bool = setting(True, help=Sentence.of("whether the operator is asked to report what became of each SMS"))
    answer_within: Duration = setting(
        timedelta(seconds=40),
        check=Between(timedelta(milliseconds=500), timedelta(seconds=50)),
        help=Sentence.of("how long the network may take over one SMS; shorter makes more uncertain SMS"),
    )
