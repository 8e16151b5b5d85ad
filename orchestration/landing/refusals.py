"""Documents of which nothing is read: what is wrong with each, for whoever wrote the puller."""

import json
import re
from dataclasses import dataclass

import duckdb

from orchestration.landing import guesses
from orchestration.landing.json_paths import json_path, keys_of
from orchestration.landing.schema import Dataset

DAMAGED = "is not valid JSON, cut off or damaged: pull the page again"

_SMALL = 4096  # an answer without records is no longer
_ERRORS = ("error_response", "errorResponse")
_CODES = ("code", "error_code", "errcode", "errorCode", "sub_code")
_MESSAGES = ("msg", "message", "errmsg", "error_msg", "errorMsg", "zh_desc", "sub_msg")


@dataclass(frozen=True)
class Refused:
    """A document of which nothing is read: its file, the line it begins on, and why."""

    file: int
    line: int
    reason: str


def without_records(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[Refused]:
    """The documents of `parsed` that hold no records; empty answers get an empty list."""
    codes, messages = (_paths(names, dataset) for names in (_CODES, _MESSAGES))
    rows = connection.execute(
        "select _file, _doc, has_failed, left(text, $1), "
        "case when json_valid(text) and json_type(text) = 'OBJECT' then json_keys(text) end, "
        "case when json_valid(text) then json_extract_string(text, $2) end, "
        "case when json_valid(text) then json_extract_string(text, $3) end "
        "from parsed join documents using (_file, _doc) "
        "where has_failed or records is null order by _file, _doc",
        [_SMALL, codes, messages],
    ).fetchall()
    refused, empty = [], []
    known: dict[tuple[str, ...], str] = {}
    for file, line, has_failed, start, keys, found_codes, found_messages in rows:
        if found_codes is None:
            reason = DAMAGED
        elif has_failed or any(key in _ERRORS for key in keys or ()):
            reason = _failed(found_codes, found_messages)
        elif _is_empty_answer(start, dataset):
            empty.append((file, line))
            continue
        else:
            names = tuple(keys or ())
            if names not in known:
                known[names] = _unknown(connection, (file, line), keys, dataset)
            reason = known[names]
        refused.append(Refused(file, line, reason))
    if empty:
        connection.execute(
            "update parsed set records = [] where (_file, _doc) in "
            "(select (unnest($1), unnest($2)))",
            [list(part) for part in zip(*empty, strict=True)],
        )
    return refused


def without_keys(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[Refused]:
    """Documents none of whose records has a part of the key: another dataset's envelope fits."""
    names = [name for name in dataset.key if dataset.column(name).api]
    if not names:
        return []
    keyless = " and ".join(f'"t_{name}" is null' for name in names)
    rows = connection.sql(
        f"select _file, _doc, count(*) from record_cells group by all having bool_and({keyless}) "
        "order by 1, 2"
    ).fetchall()
    wanted = " or ".join(dataset.column(name).api for name in names)
    refused = []
    guess: str | None = None
    for file, line, count in rows:
        if guess is None:
            guess = guesses.like_document(connection, _text(connection, (file, line)), dataset)
        refused.append(
            Refused(
                file,
                line,
                f"holds {count} records without {wanted}, so they are no {dataset.name}"
                + (guesses.advice(guess) or ": ask the puller for these fields"),
            )
        )
    return refused


def _paths(names: tuple[str, ...], dataset: Dataset) -> list[str]:
    """Where an answer may say that a call failed: at its top, or beside its success field."""
    field = dataset.success[0].split("|")[0]
    beside = [keys_of(field)[:-1]] if field else []
    holders = [[error] for error in _ERRORS] + [[], *beside]
    return [json_path([*holder, name]) for holder in holders for name in names]


def _failed(codes: list, messages: list) -> str:
    code = next((one for one in codes if one), "none")
    message = next((one for one in messages if one), "none")
    return (
        f"is the answer of a call that failed (code {code}, message '{message[:200]}'): see the "
        "platform's list of errors, then pull the page again"
    )


def _is_empty_answer(start: str, dataset: Dataset) -> bool:
    """Whether an answer has a known envelope, only without records: no list, no objects.

    The object in which an answer says that the call worked is none of them.
    """
    if len(start) >= _SMALL:
        return False
    answer = json.loads(start)
    codes = [
        keys_of(path) for path in _success_paths(dataset) if _says_success(answer, path, dataset)
    ]
    for envelope in filter(None, dataset.envelopes):
        content, depth, keys = answer, 0, keys_of(envelope)
        for key in keys:
            if not isinstance(content, dict) or key not in content:
                break
            content, depth = content[key], depth + 1
        says_code = {code[depth] for code in codes if code[:-1][:depth] == keys[:depth]}
        plain = content is None or (
            isinstance(content, dict)
            and not any(
                isinstance(one, dict | list) and one
                for key, one in content.items()
                if key not in says_code
            )
        )
        if plain and (depth or codes):
            return True
    return False


def _success_paths(dataset: Dataset) -> list[str]:
    return [path for path in dataset.success[0].split("|") if path]


def _says_success(answer: object, path: str, dataset: Dataset) -> bool:
    content = answer
    for key in keys_of(path):
        content = content.get(key) if isinstance(content, dict) else None
    return str(content).lower() in dataset.success[1]


def _unknown(
    connection: duckdb.DuckDBPyConnection, place: tuple[int, int], keys: list | None, own: Dataset
) -> str:
    expected = ", ".join(path or "a record itself" for path in own.envelopes)
    if not expected:
        expected = "none: this dataset comes as CSV or xlsx"
    found = "a list" if keys is None else ", ".join(_shown(key) for key in keys[:8]) or "none"
    guess = guesses.like_document(connection, _text(connection, place), own)
    return (
        f"is no answer known for '{own.name}': its top-level keys are {found}; expected "
        f"{expected}{guesses.advice(guess)}"
    )


def _shown(key: str) -> str:
    """A key as people may see it: where keys are data, they may be anybody's number."""
    return key if re.fullmatch(r"[A-Za-z_][\w.]{0,60}", key, re.ASCII) else "(withheld)"


def _text(connection: duckdb.DuckDBPyConnection, place: tuple[int, int]) -> str:
    return connection.execute(
        "select text from documents where _file = $1 and _doc = $2", list(place)
    ).fetchall()[0][0]
