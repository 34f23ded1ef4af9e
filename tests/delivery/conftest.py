"""Gives the fixtures to the tests of this folder."""

from delivery_fixtures import post

__all__ = ["post"]
