"""The yardstick of `intake`: the least a Flask application with SQLAlchemy can do to keep a question.

One table, one row per request by the ORM, SQLite with the same care as Relais (write-ahead log, the write lock taken at
the start). No account, no check, no counter, no log, nothing that follows.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, String, Text, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Question(Base):
    __tablename__ = "question"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(255))
    handle: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['BARE_DATABASE']}"
db.init_app(app)
with app.app_context():
    Base.metadata.create_all(db.engine)


@app.get("/health/live")
def live() -> str:
    return "ok"


@app.post("/api/v1/questions")
def keep() -> Any:
    given = request.get_json()
    row = Question(
        channel=given["channel"],
        external_id=given["external_id"],
        handle=given["author"]["handle"],
        text=given["text"],
        received_at=datetime.now(UTC).replace(tzinfo=None),
    )
    db.session.add(row)
    db.session.commit()
    return {"id": row.id}, 201
