"""The only code of the SMS operation that touches a gateway, a modem or the database."""
