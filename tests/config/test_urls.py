"""Addresses are shown without their passwords, and their files anchored."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from config import DatabaseUrl
from config.urls import anchored, mask_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql+psycopg://club:hunter2@host:5432/club", "postgresql+psycopg://club:***@host:5432/club"),
        ("mariadb+pyodbc://club:hun@ter/2@host/club", "mariadb+pyodbc://club:***@host/club"),  # not escaped
        ("postgresql+psycopg://club@host/club", "postgresql+psycopg://club@host/club"),  # no password
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dhunter2", "mssql+pyodbc:///?odbc_connect=***"),
        ("mssql+pyodbc://u@h/d?driver=x&Password=hunter2&y=1", "mssql+pyodbc://u@h/d?driver=x&Password=***&y=1"),
        ("https://h/x?api_key=hunter2#top", "https://h/x?api_key=***#top"),
        ("sqlite:///C:/club@home/club.db", "sqlite:///C:/club@home/club.db"),
        ("user:hunter2@host", "user:hunter2@host"),  # no address
    ],
)
def test_a_password_in_an_address_is_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@given(st.text(min_size=1).filter(lambda password: password not in "***"))
def test_no_password_survives_however_odd(password: str) -> None:
    marked = f"hunter{password}2hunter"
    assert marked not in mask_url(f"postgresql+psycopg://club:{marked}@host/club")


def test_a_database_address_is_a_text_that_does_not_show_itself() -> None:
    url = DatabaseUrl("postgresql+psycopg://club:hunter2@host/club")
    assert url == "postgresql+psycopg://club:hunter2@host/club"
    assert repr(url) == "'postgresql+psycopg://club:***@host/club'"
    assert make_url(url).password == "hunter2"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:///club.db", "sqlite:////folder/club.db"),
        ("sqlite:///a/club.db?mode=ro", "sqlite:////folder/a/club.db?mode=ro"),
        ("sqlite+pysqlite:///club.db", "sqlite+pysqlite:////folder/club.db"),
        ("sqlite:////var/club.db", "sqlite:////var/club.db"),
        ("sqlite:///C:\\club.db", "sqlite:///C:\\club.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:club.db?uri=true", "sqlite:///file:club.db?uri=true"),
        ("postgresql+psycopg://host/club", "postgresql+psycopg://host/club"),
    ],
)
def test_a_relative_sqlite_path_starts_at_the_settings_folder(url: str, found: str) -> None:
    assert anchored(url, Path("/folder")) == found
    make_url(found)
