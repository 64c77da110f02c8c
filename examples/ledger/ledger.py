"""The Funcs of the ledger: each gets the request body and its context."""

import time

from database import Sqlite

services = {"sqlite": Sqlite}


def middleware(data, ctx, next):
    """Around every Func here: says what each call did and how long it took."""
    begun = time.perf_counter()
    outcome = "failed"
    try:
        result = next()
        outcome = "done"
        return result
    finally:
        took = round((time.perf_counter() - begun) * 1000, 1)
        ctx.log.info("%s %s", ctx.operation_id, outcome, ms=took)


class Refusal(Exception):
    """An exception with a status is answered with it; any other one is a 500."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def list_accounts(_body, ctx):
    rows = ctx.services.db.execute("SELECT name, cents FROM account ORDER BY name")
    return [{"name": name, "cents": cents} for name, cents in rows]


def open_account(body, ctx):
    name, db = ctx.params.path["name"], ctx.services.db
    db.execute("INSERT OR IGNORE INTO account VALUES (?, ?)", (name, (body or {}).get("cents", 0)))
    return find(db, name)


def get_account(_body, ctx):
    return find(ctx.services.db, ctx.params.path["name"])


def transfer(body, ctx):
    db, cents = ctx.services.db, body["cents"]
    taken = db.execute(
        "UPDATE account SET cents = cents - ? WHERE name = ? AND cents >= ?",
        (cents, body["from"], cents),
    )
    if taken.rowcount == 0:
        have = find(db, body["from"])["cents"]
        raise Refusal(409, f"{body['from']} has {have} cents, not {cents}")
    db.execute("INSERT INTO transfer VALUES (?, ?, ?)", (body["from"], body["to"], cents))
    # Raised after the money was taken: the transaction gives it back.
    find(db, body["to"])
    db.execute("UPDATE account SET cents = cents + ? WHERE name = ?", (cents, body["to"]))
    return {"status": 201, "body": body}


def list_transfers(_body, ctx):
    rows = ctx.services.db.execute("SELECT source, target, cents FROM transfer ORDER BY rowid")
    return [{"from": source, "to": target, "cents": cents} for source, target, cents in rows]


def find(db, name):
    row = db.execute("SELECT name, cents FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise Refusal(404, f"there is no account {name}")
    return {"name": row[0], "cents": row[1]}
