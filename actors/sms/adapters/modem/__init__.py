"""Sends SMS by a GSM modem on a serial port, in PDU mode (3GPP TS 27.005)."""
