"""What can go wrong with the connection to the mail server: weather, or something that a person must mend."""

from actors.email.attempt import Reply, Stage
from config.sentence import Sentence, SentenceError


class ConnectionTrouble(SentenceError):  # noqa: N818 - weather more often than an error
    """The connection could not be opened or ended early.

    `stage` is where.
    """

    def __init__(self, stage: Stage, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.stage = stage

    @property
    def needs_a_person(self) -> bool:
        """Whether it will not pass by itself: a wrong password, an untrusted certificate."""
        return False

    @property
    def refuses_login(self) -> bool:
        """Whether the user, the password or the consent was refused: a provider may lock an account that goes on."""
        return False


class Unreachable(ConnectionTrouble):
    """No connection: unknown name, nothing listening, network away."""


class Silent(ConnectionTrouble):
    """The server did not answer, or did not read, in the time it had."""


class Gone(ConnectionTrouble):
    """The server closed the connection."""


class Nonsense(ConnectionTrouble):
    """The server answered with something that is not SMTP."""


class Interrupted(ConnectionTrouble):
    """Another thread ended the session on purpose."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, Sentence.of("interrupted"))


class Turned(ConnectionTrouble):
    """The server turned the session away with a reply: at its greeting, at EHLO, at STARTTLS, at AUTH, or by 421."""

    def __init__(self, stage: Stage, sentence: Sentence, reply: Reply) -> None:
        super().__init__(stage, sentence)
        self.reply = reply

    @property
    def needs_a_person(self) -> bool:
        """Whether the reply is one that stays (5xx)."""
        return self.reply.code in range(500, 600)

    @property
    def refuses_login(self) -> bool:
        """Whether the server refused who logs in."""
        return self.stage is Stage.AUTH and self.needs_a_person


class Insecure(ConnectionTrouble):
    """The connection would be less safe than the settings ask: no STARTTLS, an untrusted certificate, AUTH in clear."""

    @property
    def needs_a_person(self) -> bool:
        """Always: nothing here mends itself."""
        return True


class NoPassword(ConnectionTrouble):
    """The password that the settings name cannot be had."""

    @property
    def needs_a_person(self) -> bool:
        """Always: someone must store it."""
        return True


class NoToken(ConnectionTrouble):
    """No access token could be had now: the provider's token endpoint is away or speaks nonsense."""


class NoConsent(ConnectionTrouble):
    """The provider gives no token any more: the consent was withdrawn or is over, or the application is not known."""

    @property
    def needs_a_person(self) -> bool:
        """Always: someone must consent anew, or correct the settings."""
        return True

    @property
    def refuses_login(self) -> bool:
        """Always: asking on changes nothing."""
        return True
