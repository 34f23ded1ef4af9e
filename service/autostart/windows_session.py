"""Windows' session: when its user logged on. Not tried on Windows.

Source: WTSQuerySessionInformationW with WTSSessionInfo, https://learn.microsoft.com/windows/win32/api/wtsapi32.
"""

import ctypes
import sys
from typing import Final

_SESSION_INFO: Final = 24  # WTSSessionInfo
_CURRENT_SESSION: Final = 0xFFFFFFFF


class SessionInfo(ctypes.Structure):
    """WTSINFOW."""

    _fields_ = (
        ("state", ctypes.c_int),
        ("session_id", ctypes.c_uint32),
        ("counts", ctypes.c_uint32 * 6),
        ("station_name", ctypes.c_uint16 * 32),
        ("domain", ctypes.c_uint16 * 17),
        ("user_name", ctypes.c_uint16 * 21),
        ("connect_time", ctypes.c_int64),
        ("disconnect_time", ctypes.c_int64),
        ("last_input_time", ctypes.c_int64),
        ("logon_time", ctypes.c_int64),
        ("current_time", ctypes.c_int64),
    )


def logon_name() -> str:
    """Return the session's number and the moment of its logon; empty when Windows does not say."""
    if sys.platform == "win32":
        library = ctypes.WinDLL("wtsapi32", use_last_error=True)
        found = ctypes.c_void_p()
        size = ctypes.c_uint32()
        is_known = library.WTSQuerySessionInformationW(
            None, ctypes.c_uint32(_CURRENT_SESSION), _SESSION_INFO, ctypes.byref(found), ctypes.byref(size)
        )
        if is_known and found.value:
            try:
                if size.value >= ctypes.sizeof(SessionInfo):
                    told = SessionInfo.from_address(found.value)
                    return f"{told.session_id}-{told.logon_time}" if told.logon_time else ""
            finally:
                library.WTSFreeMemory(found)
    return ""
