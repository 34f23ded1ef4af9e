"""The table `[sms.gateway]` of kind smpp: where the message centre is, and the ways in which they differ."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import attrs

from config.checks import Between, Matching
from config.declaration import setting
from config.kinds import Duration
from config.problem import ValueRefusedError
from config.secret import Secret
from config.sentence import Sentence

SENDER: Final = Matching(r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{3,11}", Sentence.of("a number, or 3 to 11 letters and digits"))
"""GSM 03.40 §9.1.2.5: eleven characters is what an alphanumeric address field holds."""
_PRINTABLE: Final = Sentence.of("letters, digits and signs without accents, as many as SMPP has room for")


def is_this_computer(host: str) -> bool:
    """Return whether what is sent to this host stays on this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@attrs.frozen(kw_only=True)
class SmppSettings:
    """The keys of `[sms.gateway]` for SMPP. Field lengths: SMPP 3.4 §5.2."""

    kind: Literal["smpp"] = setting(help=Sentence.of("what the SMS leave by: smpp, a message centre of an operator"))
    host: str = setting(
        check=Matching(r"[A-Za-z0-9._:-]+", Sentence.of("the name or address of a computer")),
        example="smpp.example.org",
        help=Sentence.of("the computer of the message centre"),
    )
    port: int = setting(2775, check=Between(1, 65535), help=Sentence.of("its port"))
    system_id: str = setting(
        check=Matching(r"[!-~]{1,15}", _PRINTABLE), example="club", help=Sentence.of("the name of the account")
    )
    password: Secret = setting(
        example="keyring:smpp", help=Sentence.of("the password of the account, of 8 characters at most")
    )
    system_type: str = setting(
        "",
        check=Matching(r"[ -~]{0,12}", _PRINTABLE),
        help=Sentence.of("the system type, where the operator gives one"),
    )
    bind: Literal["transceiver", "transmitter_receiver", "transmitter"] = setting(
        "transceiver",
        help=Sentence.of(
            "transceiver, one connection for both directions; transmitter_receiver, one for each; "
            "transmitter, nothing comes back"
        ),
    )
    tls: bool = setting(False, help=Sentence.of("whether the connection is encrypted and the certificate verified"))
    ca_file: Path | None = setting(
        None,
        example=Path("ca.pem"),
        help=Sentence.of(
            "the authority that vouches for the message centre, a PEM file; by default those of the system"
        ),
    )
    in_clear: bool = setting(
        False, help=Sentence.of("allows a connection without tls: password and SMS can then be read on the network")
    )
    sender: str | None = setting(
        None,
        check=SENDER,
        example="FormeSante",
        help=Sentence.of(
            "the sender that members read: a name, a number or a short code; by default the operator's own"
        ),
    )
    sender_ton: int | None = setting(
        None,
        check=Between(0, 6),
        example=5,
        help=Sentence.of("the type of the sender's number; by default by its look"),
    )
    sender_npi: int | None = setting(
        None,
        check=Between(0, 18),
        example=0,
        help=Sentence.of("the plan of the sender's number; by default by its look"),
    )
    default_alphabet: Literal["gsm7", "latin1"] = setting(
        "gsm7", help=Sentence.of("what the message centre takes data_coding 0 for")
    )
    long_texts: Literal["udh", "sar", "payload"] = setting(
        "udh",
        help=Sentence.of(
            "how texts of several SMS leave: udh, each part with its header; sar, each part with optional parameters; "
            "payload, in one piece that the message centre cuts"
        ),
    )
    window: int = setting(
        10, check=Between(1, 100), help=Sentence.of("how many parts of one text are under way before an answer")
    )
    sms_under_way: int = setting(
        1,
        check=Between(1, 100),
        help=Sentence.of(
            "how many SMS are under way before an answer; as many become uncertain at most when the connection breaks "
            "or the program is killed"
        ),
    )
    timeout: Duration = setting(
        timedelta(seconds=30),
        check=Between(timedelta(milliseconds=100), timedelta(minutes=10)),
        help=Sentence.of("how long an answer of the message centre is waited for; shorter makes more uncertain SMS"),
    )
    receipts: bool = setting(True, help=Sentence.of("whether delivery receipts are asked for"))
    receipt_id: Literal["same", "decimal", "hexadecimal"] = setting(
        "same",
        help=Sentence.of(
            "how a receipt writes the message's number: same, as the answer did; decimal, where the answer was "
            "hexadecimal; hexadecimal, where the answer was decimal"
        ),
    )
    own_reference: bool = setting(
        True,
        help=Sentence.of(
            "whether SMS carry our reference (user_message_reference), by which a receipt may settle them"
        ),
    )
    query: bool = setting(
        False, help=Sentence.of("whether the message centre may be asked what became of an SMS (query_sm)")
    )

    def __attrs_post_init__(self) -> None:
        if not self.tls and not self.in_clear and not is_this_computer(self.host):
            raise ValueRefusedError(
                Sentence.of("password and SMS would travel in clear"),
                suggestion=Sentence.of("write tls = true, or in_clear = true where the line is private"),
                key=("tls",),
            )
        if self.ca_file is not None and not self.tls:
            raise ValueRefusedError(Sentence.of("needs tls = true"), key=("ca_file",))
        if self.query and self.receipt_id != "same":
            raise ValueRefusedError(Sentence.of("needs receipt_id = same"), key=("query",))
