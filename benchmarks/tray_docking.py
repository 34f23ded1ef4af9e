"""Icon: from exec to docked, from a change of state to the pixels, from a host that died to the icon back."""

from pathlib import Path
from threading import Event
from time import perf_counter

from tray_stage import Stand, rounds, spread, stage

from tests.desktop.desktop import wait_until
from tests.desktop.shown_icon import which_picture


def main() -> None:
    count = rounds(50)
    with stage() as (desk, club):
        host = desk.start_host()
        starts = []
        for _ in range(max(2, count // 5)):
            began = perf_counter()
            program = club.run()
            wait_until(desk.is_docked)
            starts.append(perf_counter() - began)
            desk.end(program)
        print(f"exec to docked, {len(starts)} starts, ms:             {spread(starts)}")

        stand = Stand(desk)
        stand.tree.start()
        desk.wait_for_icon()
        wait_until(lambda: which_picture(desk.picture()) == "active")
        changes = []
        for number in range(count * 2):
            state, picture = (("failed", "failed"), ("active", "active"))[number % 2]
            Event().wait(0.13)
            began = perf_counter()
            stand.set("sms", state)
            while which_picture(desk.picture()) != picture:
                Event().wait(0.002)
            changes.append(perf_counter() - began)
        print(f"state change to icon, {len(changes)} changes, ms:      {spread(changes)}")

        backs = []
        for number in range(count):
            desk.end(host, 9 if number % 2 else 15)
            wait_until(lambda: not desk.is_docked())
            host = desk.start_host()
            began = perf_counter()
            desk.wait_for_icon()
            backs.append(perf_counter() - began)
        child = stand.child
        threads = len(list(Path(f"/proc/{child.pid}/task").iterdir())) if child else 0
        ups = sum(line["event"] == "up" for _, line in stand.said)
        print(f"host killed and started, {count} times, icon back, ms: {spread(backs)}")
        print(f"processes used for that: {ups}; threads of the icon's process at the end: {threads}")
        stand.tree.stop(20)


if __name__ == "__main__":
    main()
