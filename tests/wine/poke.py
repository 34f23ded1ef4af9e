"""A Windows program of the tests: does to the icon what the shell or another program might, behind its back."""

import ctypes
import sys

assert sys.platform == "win32"

SHELL_MESSAGE = 0x400 + 11  # what pystray has the shell send
NIM_DELETE = 2


class Icon(ctypes.Structure):
    """NOTIFYICONDATAW, as far as it names an icon."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("window", ctypes.c_void_p),
        ("number", ctypes.c_uint),
        ("rest", ctypes.c_byte * 952),
    )


def windows_of_icons() -> list[int]:
    """Return the windows that belong to icons of the program."""
    user = ctypes.WinDLL("user32")
    found: list[int] = []
    kind = ctypes.WINFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)

    def look(handle: int, _: int) -> bool:
        name = ctypes.create_unicode_buffer(128)
        user.GetClassNameW(ctypes.c_void_p(handle), name, 128)
        if name.value.startswith("heitz-service") and name.value.endswith("SystemTrayIcon"):
            found.append(handle)
        return True

    user.EnumWindows(kind(look), None)
    return found


def forget(window: int) -> None:
    """Take the icon out of the notification area, as an Explorer that began anew has none of the old."""
    icon = Icon(size=ctypes.sizeof(Icon), window=window, number=1)
    ctypes.WinDLL("shell32").Shell_NotifyIconW(NIM_DELETE, ctypes.byref(icon))


def send(window: int, message: int, second: int) -> None:
    """Post a message to the icon's window."""
    ctypes.WinDLL("user32").PostMessageW(ctypes.c_void_p(window), message, ctypes.c_size_t(1), ctypes.c_ssize_t(second))


if __name__ == "__main__":
    for each in windows_of_icons():
        match sys.argv[1]:
            case "forget":
                forget(each)
            case "move":
                send(each, SHELL_MESSAGE, 0x200)  # WM_MOUSEMOVE
            case "end of session":
                send(each, 0x16, 0)
    sys.stdout.write(f"{len(windows_of_icons())}\n")
