"""A desktop's notification service: takes each alert on the session bus, and prints it as a line of JSON."""

import json
import sys

from jeepney import DBusAddress, MessageType, new_method_call, new_method_return
from jeepney.io.blocking import open_dbus_connection

BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")


def main() -> None:
    connection = open_dbus_connection(bus="SESSION")
    connection.send_and_get_reply(new_method_call(BUS, "RequestName", "su", ("org.freedesktop.Notifications", 4)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        message = connection.receive()
        if message.header.message_type is MessageType.method_call:
            application, _, _, title, text, _, hints, _ = message.body
            told = {"application": application, "title": title, "text": text, "has_picture": "image-data" in hints}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            connection.send(new_method_return(message, "u", (1,)))


if __name__ == "__main__":
    main()
