"""Counts the parts of 100,000 random French texts, beside smsutil (PyPI) and sms-segments-calculator (npm, by Twilio).

    .venv/bin/python benchmarks/sms_parts.py [--texts 100000] [--seed 1]

A difference counts as theirs only when ours is proved: our parts, decoded by gsm0338 (PyPI) or as UTF-16, are the text,
none is longer than 140 bytes, and there are fewer of them. Ends with 1 on any other difference. The two others live in
build/peers, where benchmarks/run installs them.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from actors.sms.alphabet import alphabet_of
from actors.sms.parts import count_parts, segments

PEERS = Path(__file__).parents[1] / "build/peers"
PYTHON = str(PEERS / "bin/python")
WRITTEN = (
    "Bonjour le la les un une de du des à et votre séance cours d'aquagym aquabike bébé-nageurs piscine fermée annulé"
    " reporté samedi dimanche août décembre Noël fête être œuvre cœur maître l’eau s’il vous plaît ça reçu français"
    " 12h30 18 h 45 35 € 19,90€ -20% n° rendez-vous déjà où là très hâte dès première leçon À ÉTÉ ÇA «été» “offre”"
    " … – www.piscine.example/rdv?id=42&x=[1] {nom} ~ ^ | \\ + = @ _ # 26°C m² www Ü ß Ñ inscription abonnement"
)
WORDS = WRITTEN.split()
RARE = (
    "\N{SWIMMER}",
    "\N{SMILING FACE WITH SMILING EYES}",
    "👨‍👩‍👧",
    "🇫🇷",
    "e\N{COMBINING ACUTE ACCENT}",
    "\t",
    "\r\n",
    "\n",
)
BORDERS = (70, 134, 160, 201, 306, 459, 612)

SMSUTIL = """
import json, sys, smsutil
for line in sys.stdin:
    found = smsutil.split(json.loads(line))
    print(len(found.parts), "gsm7" if found.encoding == "gsm0338" else "ucs2")
"""
TWILIO = """
const { SegmentedMessage } = require("sms-segments-calculator");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const found = new SegmentedMessage(JSON.parse(line), "auto", false);
  process.stdout.write(`${found.segmentsCount} ${found.encodingName === "GSM-7" ? "gsm7" : "ucs2"}\\n`);
});
"""
DECODER = """
import json, sys, gsm0338
codec = gsm0338.Codec()
for line in sys.stdin:
    alphabet, payload = json.loads(line)
    payload = bytes.fromhex(payload)
    print(json.dumps(codec.decode(payload)[0] if alphabet == "gsm7" else payload.decode("utf-16-be")))
"""
Count = tuple[int, str]


def texts(count: int, seed: int) -> list[str]:
    """Return French texts, four in ten of one alphabet only, half of a length beside a border."""
    dice = random.Random(seed)
    plain = [word for word in WORDS if alphabet_of(word).value == "gsm7"]
    found = []
    for _ in range(count):
        words = plain if dice.random() < 0.4 else WORDS
        border = dice.choice(BORDERS) + dice.randint(-3, 3)
        length = border if dice.random() < 0.5 else dice.randint(1, 800)
        text = ""
        while len(text) < length:
            text += dice.choice(RARE) if dice.random() < 0.01 else dice.choice(words)
            text += " " if dice.random() < 0.97 else dice.choice("€[\n")
        found.append(text[:length].strip() or "a")
    return found


def asked(command: list[str], questions: list[Any]) -> list[str]:
    """Return a program's answers, a line for each question."""
    sent = "".join(json.dumps(question) + "\n" for question in questions)
    run = subprocess.run(command, input=sent, capture_output=True, text=True, check=True, encoding="utf-8", cwd=PEERS)
    answers = run.stdout.splitlines()
    if len(answers) != len(questions):
        raise RuntimeError(f"{command[0]} answered {len(answers)} of {len(questions)}")
    return answers


def counts(command: list[str], questions: list[str]) -> list[Count]:
    return [(int(parts), alphabet) for parts, alphabet in (answer.split() for answer in asked(command, questions))]


def broken(all_texts: list[str]) -> list[str]:
    """Return the texts of which our parts, decoded by others, are not the text, or do not fit."""
    parts = [(place, segment) for place, text in enumerate(all_texts) for segment in segments(text, 0)]
    questions = [(segment.alphabet.value, segment.unpacked.hex()) for _, segment in parts]
    joined = [""] * len(all_texts)
    too_big = {all_texts[place] for place, segment in parts if len(segment.user_data) > 140}
    for (place, _), said in zip(parts, asked([PYTHON, "-c", DECODER], questions), strict=True):
        joined[place] += json.loads(said)
    return [text for text, said in zip(all_texts, joined, strict=True) if said != text or text in too_big]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = texts(arguments.texts, arguments.seed)
    began = time.perf_counter()
    ours = [(count_parts(text), alphabet_of(text).value) for text in found]
    micros = (time.perf_counter() - began) / len(found) * 1e6
    print(f"{len(found)} texts, {dict(Counter(alphabet for _, alphabet in ours))}, {micros:.1f} us each by ours")
    failed = 0
    for name, command in (
        ("smsutil", [PYTHON, "-c", SMSUTIL]),
        ("sms-segments-calculator", ["node", "-e", TWILIO]),
    ):
        theirs = counts(command, found)
        differing = [place for place, one in enumerate(theirs) if one != ours[place]]
        ours_fewer = [
            place for place in differing if theirs[place][1] == ours[place][1] and theirs[place][0] > ours[place][0]
        ]
        proved = set(ours_fewer) if not broken([found[place] for place in ours_fewer]) else set()
        unproved = [place for place in differing if place not in proved]
        failed += len(unproved)
        print(f"{name:<24} {len(found) - len(differing)} equal, {len(proved)} theirs, {len(unproved)} unproved")
        for place in unproved[:3]:
            print(f"    ours {ours[place]}, theirs {theirs[place]}: {found[place]!r}")
    wrong = broken(found)
    print(
        f"decoded by others: {len(found) - len(wrong)} of {len(found)} texts come back whole, no part above 140 bytes"
    )
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
