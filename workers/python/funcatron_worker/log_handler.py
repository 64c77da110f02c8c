"""The `logging` handler that makes records LOG frames. Imported only when a bundle logs so."""

from __future__ import annotations

import logging

from .output import LogLines, current_call


class LineHandler(logging.Handler):
    """Takes over from the handler a bundle set up for standard output, its format included."""

    def __init__(self, lines: LogLines, instead_of: logging.Handler | None = None) -> None:
        super().__init__(instead_of.level if instead_of else logging.NOTSET)
        self._lines = lines
        if instead_of:
            self.setFormatter(instead_of.formatter)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.send(current_call.get(), level_of(record.levelno), self.format(record))
        except Exception:  # as `logging` has it: a record that cannot be formatted is reported
            self.handleError(record)


def level_of(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
