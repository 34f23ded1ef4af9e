"""Alerts by D-Bus, as every Linux desktop of today shows them: the child's own call, bounded in time.

pystray's own notify is not used on Linux: it fails unseen inside GLib's loop where no service answers.
"""

from contextlib import closing
from typing import Any, Final

from assets.icons import draw

_SECONDS: Final = 3.0
_PICTURE: Final = 48
_NAME: Final = "org.freedesktop.Notifications"


def notify_by_dbus(application: str, title: str, text: str, picture: str) -> bool:
    """Show an alert; False where no session bus or no service answers."""
    try:
        from jeepney import DBusAddress, MessageType, new_method_call  # noqa: PLC0415 - only when there is an alert
        from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415
    except ImportError:
        return False
    address = DBusAddress("/org/freedesktop/Notifications", bus_name=_NAME, interface=_NAME)
    body: tuple[Any, ...] = (application, 0, "", title, _escaped(text), [], {"image-data": _image(picture)}, -1)
    try:
        with closing(open_dbus_connection(bus="SESSION")) as bus:
            call = new_method_call(address, "Notify", "susssasa{sv}i", body)
            answer = bus.send_and_get_reply(call, timeout=_SECONDS)
    except (OSError, KeyError, ValueError, RuntimeError, EOFError):
        return False
    return bool(answer.header.message_type is MessageType.method_return)


def _image(picture: str) -> tuple[str, tuple[Any, ...]]:
    icon = draw(picture, _PICTURE)
    return "(iiibiiay)", (_PICTURE, _PICTURE, _PICTURE * 4, True, 8, 4, icon.tobytes())


def _escaped(text: str) -> str:
    """Return the text as the service's own markup shows it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
