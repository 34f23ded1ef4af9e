"""Gives the fixtures to the tests of this folder."""

from email_fixtures import start_server, start_session

__all__ = ["start_server", "start_session"]
