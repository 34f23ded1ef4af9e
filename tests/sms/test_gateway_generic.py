"""The gateway that settings describe, tried against two made-up ones: one speaks JSON, one answers in lines."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_contract import SECRET, Clock, GatewayContract, Marks, an_sms
from gateway_server import Asked, Said, Vendor

from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.generic import GenericReply, GenericSettings, GenericStatus
from actors.sms.transport import Accepted, CanLookUp, CanReport, Fate
from config.problem import ValueRefusedError
from config.secret import Secret


class JsonVendor(Vendor):
    """Takes JSON, tells states by its own name and by ours."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.states: dict[str, dict[str, Any]] = {}

    def is_sending(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return Said(401, {"error": {"message": "bad token"}})
        if asked.method == "GET":
            found = self.states.get(asked.path.removeprefix("/status/").removeprefix("/by-reference/"))
            return Said(404, {}) if found is None else Said(200, found)
        sms = asked.json()
        if not self.has_credit:
            return Said(400, {"error": {"message": "no credit left"}})
        if sms["to"] == self.REFUSED_NUMBER:
            return Said(200, {"error": {"message": f"cannot send to {sms['to']}"}})
        name = str(7000 + len(self.copies()))
        self.states[name] = self.states[sms["ref"]] = {"id": name, "status": "queued"}
        self.store(sms["to"], sms["text"], sms["ref"])
        return Said(202, {"messages": [{"id": int(name)}], "error": None})


class TestGenericJson(GatewayContract):
    can = {CanLookUp, CanReport}  # noqa: RUF012 - ClassVar in the contract
    proves_absence = True

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return JsonVendor(log)

    def settings(self, url: str, secret: str, **changes: Any) -> GenericSettings:
        return GenericSettings(
            kind="http",
            provider="generic",
            name="MySMS",
            url=f"{url}/sms",
            token=Secret(secret),
            headers={"Authorization": "Bearer {token}"},
            json='{"to": "{to}", "text": "{text}", "ref": "{reference}"}',
            reply=GenericReply(
                accepted="messages.0.id", id="messages.0.id", error="error.message", account_error="~(credit)"
            ),
            status=GenericStatus(url=url + "/status/{id}", state="status"),
            look_up=GenericStatus(
                url=url + "/by-reference/{reference}", state="status", id="id", absent_after=timedelta(minutes=2)
            ),
            **changes,
        )

    def becomes(self, vendor: Vendor, number: int, fate: Fate) -> None:
        assert isinstance(vendor, JsonVendor)
        states = {Fate.ON_ITS_WAY: "queued", Fate.DELIVERED: "Delivered", Fate.FAILED: "failed"}
        vendor.states[str(7000 + number)]["status"] = states[fate]

    @pytest.mark.parametrize("text", ['quoted "here"', "a \\ and {reference} and {\n}", "\u2028 \x00 é", "%7B{to}%"])
    def test_no_text_breaks_out_of_its_place(self, gateway: HttpGateway[Any], vendor: Vendor, text: str) -> None:
        assert isinstance(gateway.send(an_sms(body=text), Marks()), Accepted)
        assert vendor.copies()[0]["text"] == text


class LineVendor(Vendor):
    """Takes everything in the address, answers `OK name` or `ERR words`, both with 200."""

    def is_sending(self, asked: Asked) -> bool:
        return True

    def answer(self, asked: Asked) -> Said:
        if asked.query.get("pw") != SECRET:
            return Said(200, "ERR login failed")
        if not self.has_credit:
            return Said(200, "ERR account has no money")
        if "+" + asked.query["to"] == self.REFUSED_NUMBER:
            return Said(200, f"ERR bad number {asked.query['to']}")
        self.store(asked.query["to"], asked.query["msg"])
        return Said(200, f"OK {len(self.copies())}")


class TestGenericLines(GatewayContract):
    can = {CanLookUp, CanReport}  # noqa: RUF012 - ClassVar in the contract
    finds_by_asking = False

    def make_vendor(self, log: Path, clock: Clock) -> Vendor:
        return LineVendor(log)

    def settings(self, url: str, secret: str, **changes: Any) -> GenericSettings:
        return GenericSettings(
            kind="http",
            provider="generic",
            name="Lines",
            url=url + "/send?pw={password}&to={to_digits}&msg={text}",
            method="GET",
            password=Secret(secret),
            reply=GenericReply(
                accepted="~^(OK)",
                id="~^OK (\\d+)$",
                error="~^ERR (.*)",
                account_error="~(account)",
                key_error="~(login)",
            ),
            **changes,
        )

    def test_reports_tell_what_became_of_it(self, gateway: HttpGateway[Any], vendor: Vendor) -> None:
        assert list(gateway.reports(["1"])) == []  # type: ignore[attr-defined]  # of GenericGateway


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        # what is written wrong                              the key             part of what is said
        ({"json": '{"to": "{to}"}'}, "url", "no place {text}"),
        ({"json": '{"text": "{text}"}'}, "url", "no place {to}"),
        ({"json": '{"to": "{to}", "text": "{texte}"}'}, None, "did you mean text?"),
        ({"json": '{"to": "{to}"'}, None, "not JSON"),
        ({"form": {"to": "{to}", "text": "{text}"}}, "form", "not both"),
        ({"headers": {"X-Key": "{tokn}"}}, "headers", "did you mean token?"),
        ({"url": "http://sms.example.org/send"}, "url", "in clear"),
        ({"url": "https://user:password@sms.example.org/send"}, None, "holds a password"),
    ],
)
def test_settings_that_could_not_work_are_refused_with_key_and_remedy(
    changes: dict[str, Any], key: str | None, words: str
) -> None:
    given: dict[str, Any] = {
        "kind": "http",
        "provider": "generic",
        "name": "MySMS",
        "url": "https://sms.example.org/send",
        "json": '{"to": "{to}", "text": "{text}"}',
        "reply": GenericReply(accepted="id"),
    }
    with pytest.raises(ValueRefusedError) as refused:
        GenericSettings(**{**given, **changes})
    told = f"{refused.value.sentence} {refused.value.suggestion or ''}"
    assert words in told
    assert key is None or refused.value.key[0] == key


@pytest.mark.parametrize("where", ["~no group", "~(two) (groups)", "~(", "a..b", "", "with space"])
def test_a_place_in_an_answer_that_nobody_could_find_is_refused(where: str) -> None:
    with pytest.raises(ValueRefusedError):
        GenericReply(accepted=where)
