"""Icon: killed, hung and made to raise at every call, a hundred times, while e-mails are sent: disturbed operations."""

import signal
from pathlib import Path
from time import perf_counter

from tray_stage import rounds, spread, stage

from tests.desktop.desktop import wait_until
from tests.desktop.icon_club import a_new_icon_process, icon_process

RAISING = 'raise RuntimeError("every call of pystray raises")\n'


def main() -> None:
    count = rounds(100)
    with stage() as (desk, club):
        desk.start_host()
        faulty = Path(club.folder) / "faulty" / "pystray"
        faulty.mkdir(parents=True)
        module, hidden = faulty / "__init__.py", faulty / "away"
        hidden.write_text(RAISING)
        faulty.rename(faulty.with_name("away"))
        away = faulty.with_name("away")
        program = club.run(PYTHONPATH=f"{faulty.parent}:{club.environment['PYTHONPATH']}")
        desk.wait_for_icon()
        ways: dict[str, list[float]] = {"killed": [], "hung": [], "raising": []}
        process = icon_process(program)
        assert process is not None
        for number in range(count):
            way = list(ways)[number % 3]
            club.write_email(f"client{number}@example.org")
            began = perf_counter()
            if way == "raising":
                (away / "away").rename(away / "__init__.py")
                away.rename(faulty)
                process.kill()
                process = a_new_icon_process(program, process.pid)
                process.wait(60)  # it raised, and has ended
                faulty.rename(away)
                (away / module.name).rename(away / "away")
            else:
                process.send_signal(signal.SIGSTOP if way == "hung" else signal.SIGKILL)
                process = a_new_icon_process(program, process.pid)
            wait_until(desk.is_docked)
            ways[way].append(perf_counter() - began)
            found = icon_process(program)
            assert found is not None
            process = found
        wait_until(lambda: len(club.received()) == count)
        actors = club.status()["actors"]
        disturbed = [each["path"] for each in actors if each["restarts"] or each["last_failure"]]
        for way, seconds in ways.items():
            if seconds:
                print(f"{way:8} {len(seconds):4} times, icon back, ms: {spread(seconds)}")
        print(f"e-mails written {count}, received {len(club.received())}; actors disturbed: {disturbed or 'none'}")
        desk.end(program)
        print(f"program ended with code {program.returncode}")


if __name__ == "__main__":
    main()
