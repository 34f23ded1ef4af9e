"""Icon: memory of the program and of the icon's process, at rest and after the menu was opened."""

from threading import Event

import psutil
from tray_stage import stage

from tests.desktop.desktop import is_menu, wait_until
from tests.desktop.icon_club import icon_process

MIB = 1 << 20


def main() -> None:
    with stage() as (desk, club):
        desk.start_host()
        program = club.run()
        desk.wait_for_icon()
        Event().wait(5)
        print(f"{'MiB':28} {'own (USS)':>10} {'share (PSS)':>12} {'resident (RSS)':>15}")
        icon = icon_process(program)
        assert icon is not None
        show("at rest", psutil.Process(program.pid), icon)
        desk.click(3)
        wait_until(lambda: bool(desk.visible(is_menu)))
        desk.xdotool("key", "Escape")
        Event().wait(2)
        show("after the menu", psutil.Process(program.pid), icon)
        desk.end(program)


def show(when: str, program: psutil.Process, icon: psutil.Process) -> None:
    totals = [0.0, 0.0, 0.0]
    for name, process in (("program", program), ("icon", icon)):
        found = process.memory_full_info()
        sizes = [found.uss / MIB, found.pss / MIB, found.rss / MIB]
        totals = [total + size for total, size in zip(totals, sizes, strict=True)]
        print(f"{when + ', ' + name:28} {sizes[0]:10.1f} {sizes[1]:12.1f} {sizes[2]:15.1f}")
    print(f"{when + ', together':28} {totals[0]:10.1f} {totals[1]:12.1f} {totals[2]:15.1f}   (80 wanted)")


if __name__ == "__main__":
    main()
