"""What in the club needs a person, and what does not."""

import pytest

from service.club_concerns import Concern, concerns
from service.club_view import ClubView
from tests.service.sample_views import CANDIDATES, club, lease, report, station

SERVER = station("SERVEUR", report("SERVEUR"), server=True)
HOLDER = station("ACCUEIL", report("ACCUEIL", holds=("email",)))
DAY = 86_400.0


def found(view: ClubView) -> tuple[Concern, ...]:
    return concerns(view, "en")


def kinds(view: ClubView) -> list[str]:
    return [concern.kind for concern in found(view)]


def test_a_club_that_is_well_needs_nobody() -> None:
    assert found(club()) == ()


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        # never came, or went without a word
        (station("BASSIN"), ["never_seen"]),
        (station("BASSIN", report("BASSIN", age=91)), ["lost"]),
        (station("BASSIN", report("BASSIN", age=89)), []),
        # the database's clock went back an hour: whoever lives has written since
        (station("BASSIN", report("BASSIN", age=-3600)), ["lost"]),
        # off for the night, in order; off for longer than a holiday's start
        (station("BASSIN", report("BASSIN", "stopped", age=DAY)), []),
        (station("BASSIN", report("BASSIN", "stopped", age=8 * DAY)), ["long_stopped"]),
        (station("BASSIN", report("BASSIN", "stopping")), []),
        # what it says of itself, in words of this version or of a later one
        (station("BASSIN", report("BASSIN", "attention")), ["attention"]),
        (station("BASSIN", report("BASSIN", "failed")), ["failed"]),
        (station("BASSIN", report("BASSIN", "hovering")), ["attention"]),
        # another version than the others', also of one that is off
        (station("BASSIN", report("BASSIN", version="0.0.9")), ["versions"]),
        (station("BASSIN", report("BASSIN", "stopped", version="0.0.9")), ["versions"]),
        # not in the settings file: alive it shows that the files differ, else it has left the club
        (station("BASSIN", report("BASSIN"), expected=False), ["stray"]),
        (station("BASSIN", report("BASSIN", age=DAY, version="0.0.9"), expected=False), []),
        # its settings file says something else; it tells nothing; it is not there to harm
        (station("BASSIN", report("BASSIN", plan={"email": ("ACCUEIL", "BASSIN")})), ["contradiction"]),
        (station("BASSIN", report("BASSIN", plan={"email": ("accueil", "Serveur")})), []),
        (station("BASSIN", report("BASSIN", plan={})), []),
        (station("BASSIN", report("BASSIN", "stopped", plan={"email": ("BASSIN",)})), []),
        # switched off there; a version that does not know the operation is told for its version alone
        (station("BASSIN", report("BASSIN", plan={"email": ()})), ["contradiction"]),
        (station("BASSIN", report("BASSIN", version="0.0.9", plan={"sms": ()})), ["versions"]),
    ],
)
def test_a_third_station_is_a_concern_or_not(third: object, expected: list[str]) -> None:
    assert kinds(club(SERVER, HOLDER, third)) == expected  # type: ignore[arg-type]


def test_a_server_that_stopped_in_order_is_missed_at_once() -> None:
    stopped = station("SERVEUR", report("SERVEUR", "stopped"), server=True)
    assert [str(each.sentence) for each in found(club(stopped, HOLDER))] == [
        "SERVEUR, the club's server, is stopped: start Heitz Service there"
    ]


def test_an_operation_that_nobody_does_is_told_with_who_should() -> None:
    (concern,) = found(club(leases=[lease(seconds_left=-5)]))
    assert str(concern.sentence) == (
        "nobody does email now: ACCUEIL, SERVEUR should within 45 s; if not, `heitz-service status` there says why"
    )
    stopped = [station(name, report(name, "stopped")) for name in CANDIDATES]
    (concern,) = found(club(*stopped, leases=[lease("")]))
    assert str(concern.sentence) == "nobody does email: start ACCUEIL, else SERVEUR"


def test_both_sides_of_a_contradiction_are_told() -> None:
    other = station("ACCUEIL", report("ACCUEIL", plan={"email": ("ACCUEIL",)}))
    (concern,) = found(club(SERVER, other))
    assert str(concern.sentence) == (
        "the settings files differ on who does email (on SERVEUR: ACCUEIL, else SERVEUR; on ACCUEIL: ACCUEIL alone): "
        "put the same file on every station"
    )
    assert concern.stations == ("SERVEUR", "ACCUEIL")


def test_a_file_that_only_this_command_reads_is_a_side_too() -> None:
    (concern,) = found(club(SERVER, HOLDER, plan={"email": ("SERVEUR",)}))
    assert "(here: SERVEUR alone; on SERVEUR, ACCUEIL: ACCUEIL, else SERVEUR)" in str(concern.sentence)


def test_a_holder_that_the_settings_do_not_name_is_told_though_it_tells_no_plan() -> None:
    old = station("BASSIN", report("BASSIN", holds=("email",), plan={}))
    (concern,) = found(club(SERVER, HOLDER, old, leases=[lease("BASSIN")]))
    assert str(concern.sentence).startswith("BASSIN does email, which the settings file here leaves to ACCUEIL, else")


def test_the_newest_version_is_found_by_its_numbers() -> None:
    stations = [station(name, report(name, version=version)) for name, version in (("A", "0.10.0"), ("B", "0.9.1"))]
    (concern,) = found(club(*stations))
    assert str(concern.sentence) == "the versions differ: install 0.10.0 on B"


def test_many_stations_in_one_plight_are_one_sentence_and_the_worst_comes_first() -> None:
    worried = station("BUREAU", report("BUREAU", "attention"))
    unseen = [station(f"POSTE-{number}") for number in range(40)]
    first, second = found(club(SERVER, HOLDER, worried, *unseen))
    assert str(first.sentence) == (
        "POSTE-0, POSTE-1, POSTE-2, POSTE-3, POSTE-4 and 35 others were never seen: "
        "start Heitz Service there, or take them out of the settings file"
    )
    assert (first.is_grave, len(first.stations), second.kind) == (True, 40, "attention")
