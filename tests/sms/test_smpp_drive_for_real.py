"""drive_smpp, the message centre of Kannel's own tests, takes what this program sends; in a network of its own.

It listens on every address, so it is shut in.
"""

import subprocess
import sys
from pathlib import Path

import pytest

DRIVE = Path("/usr/lib/kannel/test/drive_smpp")
ROOT = Path(__file__).resolve().parents[2]
CLIENT = """
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import Sms
from config.secret import Secret

login = {"system_id": "foo", "password": Secret("bar"), "system_type": "VMA"}
# drive_smpp panics at bind_transceiver.
transport = SmppTransport(SmppSettings(kind="smpp", host="127.0.0.1", port=2345, bind="transmitter", **login))
for number in range(3):
    print(transport.send(Sms("+33612345678", f"Bonjour {number}", f"club-{number}"), lambda: True))
print(transport.send(Sms("+33612345678", "a longer text " * 30, "club-long"), lambda: True))
transport.close()
"""
SCRIPT = """
{python} -c 'import fcntl, socket, struct
with socket.socket() as sock:  # up with the loopback
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x49))'
{drive} -v 0 -p 2345 -m 0 >drive.log 2>&1 &
n=0
until grep -q accept_thread drive.log; do
    n=$((n + 1)); [ $n -lt 200 ] || exit 3; sleep 0.05
done
PYTHONPATH={root} {python} client.py
code=$?
kill %1
exit $code
"""


def in_a_network_of_its_own() -> list[str]:
    for options in (["--net"], ["--net", "--map-root-user"]):
        command = ["unshare", *options]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("may not make a network namespace")


@pytest.mark.skipif(not DRIVE.exists(), reason="needs the Debian package kannel-extras")
def test_kannels_own_message_centre_takes_what_is_sent(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT)
    script = SCRIPT.format(python=sys.executable, drive=DRIVE, root=ROOT)
    done = subprocess.run(
        [*in_a_network_of_its_own(), "bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    said = (tmp_path / "drive.log").read_text("latin-1")
    assert done.stdout.splitlines() == ["Accepted(provider_reference=None, parts=1)"] * 3 + [
        "Accepted(provider_reference=None, parts=3)"
    ], done.stderr + said
    assert [said.count(f"submit_sm: short_message = <Bonjour {number}>") for number in range(3)] == [1, 1, 1]
    assert said.count("Handling SMPP PDU of type submit_sm") == 6
    assert "receive_smpp_thread terminates" in said, "it did not hear the goodbye"
