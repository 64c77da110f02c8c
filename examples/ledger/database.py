"""A transactional service: what it begins is committed when the Func has returned.

`ctx.services.<name>` begins a transaction when a call first asks for it. Funcatron commits it when
the Func has returned, and rolls it back when the Func raised.
"""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, cents INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS transfer (source TEXT NOT NULL, target TEXT NOT NULL, cents INTEGER NOT NULL);
"""


class Sqlite:
    """Opened for a props object with `"type": "sqlite"`."""

    def open(self, name, props, log):
        """Once in a worker; what it returns is given to `begin`."""
        if not props.get("file"):
            raise ValueError(f"props.{name}.file is missing: name a database file")
        connection = sqlite3.connect(props["file"])
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.close()
        return props["file"]

    def begin(self, file):
        # Calls run in threads, so each has a connection of its own.
        connection = sqlite3.connect(
            file, timeout=5, isolation_level=None, check_same_thread=False
        )
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def commit(self, connection):
        connection.execute("COMMIT")
        connection.close()

    def rollback(self, connection):
        connection.execute("ROLLBACK")
        connection.close()
