"""What a GSM modem in PDU mode (3GPP TS 27.005) answers, with faults; written from the standards, without its port."""

import json
import os
import re
from collections import deque
from collections.abc import Callable
from enum import Enum, unique
from pathlib import Path
from typing import Any, Final

from modem_pdus import decode_submit, status_report

BOOT: Final = "\r\n^SYSSTART\r\n"


@unique
class Fault(Enum):
    """What goes wrong with one SMS; those that say so after it went on air."""

    REFUSED = "the network is congested: +CMS ERROR: 42"
    UNKNOWN_NUMBER = "the network does not know the number: +CMS ERROR: 1"
    FAILED = "it did not go, +CMS ERROR: 500"
    LOST_RESULT = "on air, no final result"
    LYING = "on air, then +CMS ERROR: 500"
    LATE = "on air, the result comes before that of the next SMS"
    LATE_BEFORE_NEXT = "on air, the result comes with the answer to the next command"
    LOST_UNSENT = "not on air, no final result"
    GARBAGE = "on air, noise around the result"
    OTHER_ANSWER = "on air, an OK that belongs to nothing comes first"
    NO_OK = "on air, a reference and no OK"
    REBOOT_BEFORE_PROMPT = "it starts anew instead of the prompt"
    REBOOT_UNSENT = "it starts anew instead of sending"
    REBOOT_SENT = "on air, then it starts anew"
    HANG_BEFORE_PROMPT = "it says nothing any more, before the prompt"
    HANG_SENT = "on air, then it says nothing any more"
    VANISH_BEFORE_PROMPT = "unplugged before the prompt"
    VANISH_SENT = "on air, then unplugged"
    NO_PROMPT = "+CMS ERROR: 500 instead of the prompt"
    FULL = "+CMS ERROR: 322 instead of the prompt"


BY_NUMBER: Final = {
    "91": Fault.FAILED,
    "92": Fault.LOST_RESULT,
    "93": Fault.REFUSED,
    "94": Fault.LYING,
    "95": Fault.LATE,
}
"""Faults by the last digits of the recipient, for clients that no test drives."""


class Modem:
    """The modem without its port: bytes in, bytes out by `say`. Attributes may be set by tests."""

    def __init__(self, log: Path, say: Callable[[bytes], None]) -> None:
        self._air = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._say_bytes = say
        self.faults: deque[Fault | None] = deque()
        """Of the next SMS in turn; `by_number` when there are none."""
        self.by_number: dict[str, Fault] = {}
        self.pin: str | None = None
        self.tries = 3
        self.tells_tries = False
        self.pins_given: list[str] = []
        self.registration = 1
        self.centre = "+33609001390"
        self.capacity = 20
        self.stored: dict[int, tuple[int, str]] = {}
        """Status of +CMGL and PDU, by place."""
        self.offers = "(0-2),(0-3),(0-2),(0-2),(0,1)"
        self.always_echoes = False
        self.boots_silently = False
        self.boots_in_text_mode = False
        self.is_hung = False
        self.is_unplugged = False
        self.answers_reset = True
        self.report_status: dict[str, int] = {}
        """TP-Status by the last digits of the recipient; None of them: delivered."""
        self.holds_reports = False
        self.held_reports: list[str] = []
        self.says_before_each_answer = ""
        self.commands: list[str] = []
        self._mr = 6
        self._late: list[str] = []
        self._later: list[str] = []
        self._power_up()

    def _power_up(self) -> None:
        self._echo, self._text_mode, self._is_open = True, self.boots_in_text_mode, self.pin is None
        self._cnmi = [0, 0, 0, 0, 0]
        self._cmee = 0
        self._prompt: int | str | None = None
        self._input = b""

    def reboot(self) -> None:
        self._power_up()
        self.is_hung = False
        if not self.boots_silently:
            self.say(BOOT)

    def say(self, text: str) -> None:
        self._say_bytes(text.encode("latin-1"))

    def close(self) -> None:
        os.close(self._air)

    # ---- what comes in by the line

    def hear(self, data: bytes) -> None:
        if self.is_hung:
            if self.answers_reset and b"AT+CFUN=1,1\r" in data:
                self.reboot()
            return
        if self._echo or self.always_echoes:
            self._say_bytes(data)
        self._input += data
        while self._input and not self.is_unplugged and not self.is_hung:
            if self._prompt is not None:
                if not self._hear_text():
                    return
                continue
            ends = [place for place in (self._input.find(b"\r"), self._input.find(b"\n")) if place >= 0]
            if not ends:
                return
            line, self._input = self._input[: min(ends)], self._input[min(ends) + 1 :]
            self._command(line.decode("latin-1").strip(" \x1a\x1b"))

    def _hear_text(self) -> bool:
        sent, cancelled = self._input.find(b"\x1a"), self._input.find(b"\x1b")
        if cancelled >= 0 and (sent < 0 or cancelled < sent):
            self._input = self._input[cancelled + 1 :]
            self._prompt = None
            self.say("\r\nOK\r\n")
            return True
        if sent < 0:
            return False
        text, self._input = self._input[:sent].decode("latin-1"), self._input[sent + 1 :]
        asked, self._prompt = self._prompt, None
        self._submit(text, asked)
        return True

    def _command(self, line: str) -> None:
        if not line.upper().startswith("AT"):
            return
        self.commands.append(line)
        rest = line[2:]
        if self._late and not rest.upper().startswith("+CMGS"):
            for each in self._late:
                self.say(each)
            self._late.clear()
        if sending := re.fullmatch(r"\+CMGS=(.+)", rest, re.IGNORECASE):
            self._offer(sending[1])
            return
        answers: list[str] = []
        for each in rest.split(";"):
            answer = self._answer(each.strip())
            if isinstance(answer, int):
                self._error("CME", answer, answers)
                return
            if answer is None:
                self._error("CME", 4, answers)
                return
            answers += [answer] if answer else []
        if not self.is_hung:
            self._result(answers, "OK")

    def _result(self, answers: list[str], final: str) -> None:
        self.say(
            "".join(
                f"\r\n{each}\r\n"
                for each in [*answers, *([self.says_before_each_answer] if self.says_before_each_answer else []), final]
            )
        )

    def _error(self, kind: str, code: int, answers: list[str]) -> None:
        self._result(answers, f"+{kind} ERROR: {code}" if self._cmee or kind == "CMS" else "ERROR")

    # ---- commands

    def _answer(self, command: str) -> str | int | None:  # noqa: C901, PLR0911, PLR0912 - a modem is a table
        upper = command.upper()
        known = {
            "+CGMI": "Simulated",
            "+CGMM": "SIM-1",
            "+CGMR": "R1",
            "I": "Simulated SIM-1",
            "+CGSN": "860000000000001",
            "+CSQ": "+CSQ: 20,0",
            "+CSCS?": '+CSCS: "GSM"',
            "+CSCS=?": '+CSCS: ("GSM","UCS2","HEX")',
            "+CMGF=?": "+CMGF: (0,1)",
            "+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
            "+CSMS=?": "+CSMS: (0)",
            "+CSMS?": "+CSMS: 0,1,1,1",
            "+CFUN?": "+CFUN: 1",
            "+CBC": "+CBC: 0,90",
            "+CGATT?": "+CGATT: 1",
            "+CNMI=?": f"+CNMI: {self.offers}",
            "+CREG=?": "+CREG: (0-2)",
            "+CUSD=?": "+CUSD: (0-2)",
        }
        if upper in known:
            return known[upper]
        if upper in ("", "Z", "&F", "V1", "Q0", "S0=0") or re.fullmatch(
            r"\+(CMEE|CREG|CUSD|CLIP|CRC|CSMS|CMMS|CSCS)=[^?]*", upper
        ):
            if upper.startswith("+CMEE="):
                self._cmee = int(upper[6:])
            return "+CSMS: 1,1,1" if upper.startswith("+CSMS=") else ""
        if upper in ("E0", "E1"):
            self._echo = upper == "E1"
            return ""
        if upper == "+CFUN=1,1":
            self.reboot()
            return ""
        if upper.startswith(("+CPIN", "+SPIC")):
            return self._about_pin(command)
        if upper == "+CIMI":
            return "208010000000001" if self._is_open else 11
        if not self._is_open:
            return 11
        if upper in ("+CREG?", "+CGREG?"):
            return f"{upper[:-1]}: 0,{self.registration}"
        if upper == "+COPS?":
            return '+COPS: 0,0,"F Operator"' if self.registration in (1, 5) else "+COPS: 0"
        if upper == "+CSCA?":
            return f'+CSCA: "{self.centre}",145'
        if centre := re.fullmatch(r'\+CSCA="(\+?\d+)".*', upper):
            self.centre = centre[1]
            return ""
        if mode := re.fullmatch(r"\+CMGF=([01])", upper):
            self._text_mode = mode[1] == "1"
            return ""
        if upper == "+CMGF?":
            return f"+CMGF: {int(self._text_mode)}"
        return self._about_memory(upper)

    def _about_pin(self, command: str) -> str | int | None:
        if command.upper() == "+SPIC":
            return f"+SPIC: {self.tries},10,3,10" if self.tells_tries else None
        if command == "+CPIN?":
            state = "READY" if self._is_open else "SIM PIN" if self.tries else "SIM PUK"
            return f"+CPIN: {state}"
        given = re.fullmatch(r'\+CPIN="?(\d+)"?', command)
        if given is None or self._is_open:
            return 3
        if not self.tries:
            return 12
        self.pins_given.append(given[1])
        if given[1] != self.pin:
            self.tries -= 1
            return 16
        self.tries, self._is_open = 3, True
        return ""

    def _about_memory(self, upper: str) -> str | int | None:  # noqa: PLR0911 - a modem is a table
        used = f'"SM",{len(self.stored)},{self.capacity}'
        if upper == "+CPMS?":
            return f"+CPMS: {used},{used},{used}"
        if upper.startswith("+CPMS="):
            return "+CPMS: " + ",".join([f"{len(self.stored)},{self.capacity}"] * 3)
        if upper == "+CNMI?":
            return "+CNMI: " + ",".join(map(str, self._cnmi))
        if upper.startswith("+CNMI="):
            wanted = [int(each) for each in upper[6:].split(",") if each]
            allowed = [_numbers(each) for each in re.findall(r"\(([^)]*)\)", self.offers)]
            if any(value not in may for value, may in zip(wanted, allowed, strict=False)):
                return 303
            self._cnmi[: len(wanted)] = wanted
            return ""
        if upper.startswith("+CMGL"):
            wanted_status = int(upper[6:]) if upper[5:6] == "=" else 0
            listed = [
                f"+CMGL: {place},{status},,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}"
                for place, (status, pdu) in self.stored.items()
                if wanted_status in (4, status)
            ]
            return "\r\n".join(listed)
        if shown := re.fullmatch(r"\+CMGR=(\d+)", upper):
            if int(shown[1]) not in self.stored:
                return ""
            status, pdu = self.stored[int(shown[1])]
            self.stored[int(shown[1])] = (1, pdu)
            return f"+CMGR: {status},,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}"
        if deleted := re.fullmatch(r"\+CMGD=(\d+)(?:,0)?", upper):
            self.stored.pop(int(deleted[1]), None)
            return ""
        return None

    # ---- sending

    def _offer(self, asked: str) -> None:
        fault = self.faults[0] if self.faults else None
        if not self._is_open:
            self._error("CMS", 311, [])
            return
        if fault in (Fault.NO_PROMPT, Fault.FULL):
            self.faults.popleft()
            self._error("CMS", 500 if fault is Fault.NO_PROMPT else 322, [])
        elif fault is Fault.REBOOT_BEFORE_PROMPT:
            self.faults.popleft()
            self.reboot()
        elif fault is Fault.HANG_BEFORE_PROMPT:
            self.faults.popleft()
            self.is_hung = True
        elif fault is Fault.VANISH_BEFORE_PROMPT:
            self.faults.popleft()
            self.is_unplugged = True
        else:
            self._prompt = asked if self._text_mode else int(asked)
            self.say("\r\n> ")

    def _submit(self, text: str, asked: int | str | None) -> None:
        fault = self.faults.popleft() if self.faults else None
        if isinstance(asked, str):
            self._transmit({"to": asked, "text": text, "mode": "text", "srr": False, "tail": ""})
            self._result([f"+CMGS: {self._mr}"], "OK")
            return
        try:
            sms = decode_submit(text)
            if sms["octets"] != asked:
                raise ValueError("another length was announced")  # noqa: TRY301 - one answer for all nonsense
        except (ValueError, IndexError):
            self._error("CMS", 304, [])
            return
        if fault is None:
            fault = self.by_number.get(sms["to"][-2:])
        if self.registration not in (1, 5):
            self._error("CMS", 331, [])
            return
        self._carry_out(sms, fault)

    def _carry_out(self, sms: dict[str, Any], fault: Fault | None) -> None:  # noqa: C901, PLR0912 - so is a fault
        match fault:
            case Fault.REFUSED:
                self._error("CMS", 42, [])
                return
            case Fault.UNKNOWN_NUMBER:
                self._error("CMS", 1, [])
                return
            case Fault.FAILED:
                self._error("CMS", 500, [])
                return
            case Fault.LOST_UNSENT:
                return
            case Fault.REBOOT_UNSENT:
                self.reboot()
                return
            case _:
                self._transmit(sms)
        result = f"\r\n+CMGS: {self._mr}\r\n\r\nOK\r\n"
        match fault:
            case Fault.LOST_RESULT:
                pass
            case Fault.LYING:
                self._error("CMS", 500, [])
            case Fault.LATE:
                self._later.append(result)
            case Fault.LATE_BEFORE_NEXT:
                self._late.append(result)
            case Fault.GARBAGE:
                self.say("\r\n\xff\x00~~~+CMG\r\n> \x7f\r\nRING\r\n" + result + "\xfe\x01\r\n")
            case Fault.OTHER_ANSWER:
                self.say("\r\nOK\r\n" + result)
            case Fault.NO_OK:
                self.say(f"\r\n+CMGS: {self._mr}\r\n")
            case Fault.REBOOT_SENT:
                self.reboot()
            case Fault.HANG_SENT:
                self.is_hung = True
            case Fault.VANISH_SENT:
                self.is_unplugged = True
            case _:
                late, self._later = self._later, []
                self.say("".join(late) + result)
        if sms["srr"]:
            self._report(sms)

    def _transmit(self, sms: dict[str, Any]) -> None:
        self._mr = (self._mr + 1) % 256
        os.write(self._air, (json.dumps({**sms, "mr": self._mr}) + "\n").encode())

    def _report(self, sms: dict[str, Any]) -> None:
        pdu = status_report(self._mr, sms["to"], self.report_status.get(sms["to"][-2:], 0))
        if self.holds_reports or self.is_hung or self.is_unplugged:
            self.held_reports.append(pdu)
        else:
            self.tell_report(pdu)

    def tell_report(self, pdu: str) -> None:
        if self._cnmi[3] == 1:
            self.say(f"\r\n+CDS: {len(pdu) // 2 - 1}\r\n{pdu}\r\n")
        elif (place := self.store(pdu)) and self._cnmi[3] == 2:
            self.say(f'\r\n+CDSI: "SM",{place}\r\n')

    def receive(self, pdu: str) -> None:
        """An SMS comes in from the network."""
        if self._cnmi[1] == 2:
            self.say(f"\r\n+CMT: ,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}\r\n")
        elif (place := self.store(pdu)) and self._cnmi[1] == 1:
            self.say(f'\r\n+CMTI: "SM",{place}\r\n')

    def store(self, pdu: str) -> int:
        """Return the place, 0 when there is none left."""
        free = [place for place in range(1, self.capacity + 1) if place not in self.stored]
        if not free:
            return 0
        self.stored[free[0]] = (0, pdu)
        return free[0]


def _numbers(written: str) -> set[int]:
    numbers: set[int] = set()
    for each in written.split(","):
        first, _, last = each.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
