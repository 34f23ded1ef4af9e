"""Icon: from exec to docked, from a change of state to the pixels; back after a host that died, came late, was away."""

import argparse
import subprocess
from pathlib import Path
from threading import Event
from time import perf_counter

import psutil
from tray_stage import Stand, spread, stage

from tests.desktop.desktop import Desktop, wait_until
from tests.desktop.icon_club import IconClub, icon_process
from tests.desktop.shown_icon import which_picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--absent", type=float, default=60, help="for how many seconds there is no host")
    options = parser.parse_args()
    with stage() as (desk, club):
        host = desk.start_host()
        measure_starts(desk, club, max(2, options.rounds // 5))
        measure_changes(desk, options.rounds * 2)
        desk.end(host)
        program = club.run()
        wait_until(lambda: club.where_is_the_icon() == "waiting_for_host")
        Event().wait(2)
        began = perf_counter()
        host = desk.start_host()
        desk.wait_for_icon()
        print(f"host that starts late, icon there, ms:             {(perf_counter() - began) * 1000:.0f}")
        host = measure_hosts(desk, club, program, host, options.rounds)
        measure_absence(desk, club, program, host, options.absent)
        desk.end(program)
        print(f"the program ended with code {program.returncode}")


def measure_starts(desk: Desktop, club: IconClub, count: int) -> None:
    starts = []
    for _ in range(count):
        began = perf_counter()
        program = club.run()
        wait_until(desk.is_docked)
        starts.append(perf_counter() - began)
        desk.end(program)
        wait_until(lambda: not desk.is_docked())
    print(f"exec to docked, {count} starts, ms:                {spread(starts)}")


def measure_changes(desk: Desktop, count: int) -> None:
    stand = Stand(desk)
    stand.tree.start()
    desk.wait_for_icon()
    wait_until(lambda: which_picture(desk.picture()) == "active")
    changes = []
    for number in range(count):
        state, picture = (("failed", "failed"), ("active", "active"))[number % 2]
        Event().wait(0.13)
        began = perf_counter()
        stand.set("sms", state)
        while which_picture(desk.picture()) != picture:
            Event().wait(0.002)
        changes.append(perf_counter() - began)
    print(f"state change to icon, {count} changes, ms:        {spread(changes)}")
    stand.tree.stop(20)
    wait_until(lambda: not desk.is_docked())


def measure_hosts(
    desk: Desktop,
    club: IconClub,
    program: "subprocess.Popen[bytes]",
    host: "subprocess.Popen[bytes]",
    count: int,
) -> "subprocess.Popen[bytes]":
    """Kill and end the host by turns while e-mails are sent; return the last one."""
    before = threads(program)
    backs = []
    for number in range(count):
        club.write_email(f"host{number}@example.org")
        desk.end(host, 9 if number % 2 else 15)
        wait_until(lambda: not desk.is_docked())
        host = desk.start_host()
        began = perf_counter()
        desk.wait_for_icon()
        backs.append(perf_counter() - began)
    wait_until(lambda: len(club.received()) >= count)
    Event().wait(6)
    print(f"host killed and started, {count} times, icon back, ms: {spread(backs)}")
    found = club.status()
    disturbed = [each["path"] for each in found["actors"] if each["restarts"] or each["last_failure"]]
    print(
        f"  e-mails written {count}, received {len(club.received())}; actors disturbed: {disturbed or 'none'};\n"
        f"  icon's processes replaced: {found['tray']['restarts']}; "
        f"threads (program, icon) {before} -> {threads(program)}"
    )
    return host


def measure_absence(
    desk: Desktop,
    club: IconClub,
    program: "subprocess.Popen[bytes]",
    host: "subprocess.Popen[bytes]",
    seconds: float,
) -> None:
    """Leave the program without a host for so long: what that costs, and how fast the icon is back."""
    icon = icon_process(program)
    assert icon is not None
    before, memory, used = threads(program), icon.memory_info().rss, cpu(icon)
    lines = log_lines(club)
    desk.end(host)
    wait_until(lambda: club.where_is_the_icon() == "waiting_for_host")
    Event().wait(seconds)
    spent, grown, written = cpu(icon) - used, icon.memory_info().rss - memory, log_lines(club) - lines
    where = club.status()["tray"]
    began = perf_counter()
    desk.start_host()
    desk.wait_for_icon()
    back = perf_counter() - began
    Event().wait(6)
    print(
        f"host absent for {seconds:.0f} s: icon back after {back * 1000:.0f} ms; `status` said {where['state']},\n"
        f"  icon's processes replaced {where['restarts']}, lines in the log {written},\n"
        f"  icon's processor {100 * spent / seconds:.2f} %, its memory {grown / 1024:+.0f} KiB, "
        f"threads (program, icon) {before} -> {threads(program)}"
    )


def threads(program: "subprocess.Popen[bytes]") -> tuple[int, int]:
    icon = icon_process(program)
    return psutil.Process(program.pid).num_threads(), 0 if icon is None else icon.num_threads()


def cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def log_lines(club: IconClub) -> int:
    return sum(len(file.read_bytes().splitlines()) for file in Path(club.folder).glob("home/**/*.log"))


if __name__ == "__main__":
    main()
