"""Dagster's event log in SQLite, kept open: a night writes thousands of events."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

KEPT_OPEN = 8  # files; each run has its own, and the index beside them


class OpenEventLog(SqliteEventLogStorage):
    """The same files as Dagster's own log, with one open connection to each of those used last.

    Dagster's makes an engine, opens the file and compiles the statement anew for everything it
    reads or writes, and SQLite takes the write-ahead log apart at every close: 20 ms an event and
    half of a small shop's night. Events reach the operating system at each commit and the disk at
    checkpoints: a power cut may cost the last seconds of the log, never its soundness.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, Any]
    ) -> "OpenEventLog":
        """Called by Dagster with what dagster.yaml says."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            # a forked child gets a connection of its own from the pool
            engine = create_engine(
                self.conn_string_for_shard(shard),
                pool_size=1,
                connect_args={
                    "timeout": SQLITE_BUSY_TIMEOUT_SECONDS,
                    "check_same_thread": False,  # the lock lets one thread in at a time
                },
            )
            event.listen(engine, "connect", _trust_the_system)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close every file."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _trust_the_system(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
