"""`demo`: a sample club for some twenty seconds: real e-mails, a real server, an actor crashed on purpose."""

from service.demo.show import run

__all__ = ["run"]
