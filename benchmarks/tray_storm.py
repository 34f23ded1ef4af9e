"""Icon: four hundred changes of state a second by twelve operations: redraws, processor, the state shown last."""

import random
import threading
from time import perf_counter, process_time

import psutil
from tray_stage import NAMES, Stand, rounds, stage

from tests.desktop.desktop import wait_until
from tests.desktop.shown_icon import which_picture

CHANGES_A_SECOND = 400


def main() -> None:
    seconds = rounds(10)
    with stage() as (desk, _):
        desk.start_host()
        stand = Stand(desk)
        stand.tree.start()
        desk.wait_for_icon()
        assert stand.child is not None
        child = psutil.Process(stand.child.pid)
        before_child, before_own, began = sum(child.cpu_times()[:2]), process_time(), perf_counter()
        drawn, ended = len(stand.drawn()), threading.Event()

        def churn(name: str) -> None:
            choice = random.Random(name)
            while not ended.wait(len(NAMES) / CHANGES_A_SECOND):
                stand.set(name, choice.choice(("active", "waiting", "failed", "recovering")))

        threads = [threading.Thread(target=churn, args=(name,)) for name in NAMES]
        for thread in threads:
            thread.start()
        ended.wait(seconds)
        ended.set()
        for thread in threads:
            thread.join()
        took = perf_counter() - began
        redraws = len(stand.drawn()) - drawn
        for name in NAMES:
            stand.set(name, "active")
        stand.set("maps", "waiting")
        wait_until(lambda: which_picture(desk.picture()) == "attention")
        own, theirs = process_time() - before_own, sum(child.cpu_times()[:2]) - before_child
        print(f"{CHANGES_A_SECOND} changes/s for {took:.0f} s: {redraws / took:.1f} redraws/s (at most 10 wanted)")
        print("the last state is shown: yes")
        print(f"processor: the actor's process {100 * own / took:.1f} %, the icon's {100 * theirs / took:.1f} %")
        stand.tree.stop(20)


if __name__ == "__main__":
    main()
