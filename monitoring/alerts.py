"""The outbox: what turned red and what is well again, told once, kept until it is delivered."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

Send = Callable[[str, str, str], bool]
"""Sends (channel's address, title, text) and says whether it arrived."""

WORDS = {
    "zh": {
        "title": "Stork：{red} 项异常，{well} 项恢复",
        "red": "【异常】{key}：{reason}",
        "well": "【恢复】{key}（自 {since} 起异常）",
        "next": "下一步：{next_step}",
        "link": "查看：{link}",
    },
    "en": {
        "title": "Stork: {red} red, {well} well again",
        "red": "RED {key}: {reason}",
        "well": "WELL AGAIN {key} (red since {since})",
        "next": "next step: {next_step}",
        "link": "see {link}",
    },
}


@dataclass(frozen=True)
class Problem:
    """Something red: `key` names it ("asset: check"), `reason` holds the number and the limit."""

    key: str
    reason: str
    next_step: str
    link: str = ""


@dataclass(frozen=True)
class Delivery:
    """What one attempt came to: messages that arrived, that wait, and on how many channels."""

    sent: int
    waiting: int
    channels: int


class Outbox:
    """A folder that remembers what is red and which messages still have to reach whom.

    A problem is told when it turns red and when it is well again, and not in between, however
    often it is reported. Everything new in one report is one message. A message waits until
    every channel has taken it; a channel is remembered by a hash, its address never is.

    One at a time, in all processes, reports or delivers; whoever takes `lock` first does both
    undisturbed.
    """

    def __init__(self, folder: Path, *, language: str = "zh") -> None:
        self._state = Path(folder) / "outbox.json"
        self._words = WORDS[language]
        self.lock = FileLock(self._state.with_suffix(".lock"))

    def report(self, problems: Sequence[Problem], at: datetime) -> int:
        """Take in all that is red now; returns how many turned red or well since last time."""
        with self.lock:
            return self._report(problems, at)

    def _report(self, problems: Sequence[Problem], at: datetime) -> int:
        state = self._read()
        known: dict[str, dict] = state["red"]
        now = {problem.key: problem for problem in problems}
        new = [problem for key, problem in now.items() if key not in known]
        well = [(key, found["since"]) for key, found in known.items() if key not in now]
        state["red"] = {
            key: asdict(problem)
            | {"since": known.get(key, {}).get("since", f"{at:%Y-%m-%d %H:%M}")}
            for key, problem in now.items()
        }
        if new or well:
            title, text = self._message(new, well)
            state["waiting"].append(
                {"at": at.isoformat(), "title": title, "text": text, "reached": [], "tries": 0}
            )
        self._write(state)
        return len(new) + len(well)

    def deliver(self, channels: Sequence[str], send: Send) -> Delivery:
        """Try every waiting message on every channel that has not had it, oldest first.

        A channel that refuses keeps its messages, in their order, for the next attempt and holds
        up no other: it is not asked again in this one. Without channels messages wait.
        """
        with self.lock:
            return self._deliver(channels, send)

    def _deliver(self, channels: Sequence[str], send: Send) -> Delivery:
        state = self._read()
        sent, refused = 0, set()
        for message in state["waiting"]:
            message["tries"] += 1
            for channel in channels:
                mark = hashlib.sha256(channel.encode()).hexdigest()[:12]
                if mark in message["reached"] or mark in refused:
                    continue
                if send(channel, message["title"], message["text"]):
                    message["reached"].append(mark)
                    sent += 1
                    self._write(state)  # a crash afterwards must not tell it twice
                else:
                    refused.add(mark)
        wanted = {hashlib.sha256(channel.encode()).hexdigest()[:12] for channel in channels}
        state["waiting"] = [
            message
            for message in state["waiting"]
            if not wanted or not wanted <= set(message["reached"])
        ]
        self._write(state)
        return Delivery(sent, len(state["waiting"]), len(channels))

    def _message(self, new: Sequence[Problem], well: Sequence[tuple[str, str]]) -> tuple[str, str]:
        words, lines = self._words, []
        for problem in new:
            lines.append(words["red"].format(key=problem.key, reason=problem.reason))
            lines.append(words["next"].format(next_step=problem.next_step))
            if problem.link:
                lines.append(words["link"].format(link=problem.link))
            lines.append("")
        lines += [words["well"].format(key=key, since=since) for key, since in well]
        return words["title"].format(red=len(new), well=len(well)), "\n".join(lines).strip()

    def _read(self) -> dict:
        """What is remembered; a damaged file is set aside: what is red is rather told twice."""
        try:
            return json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            pass
        except ValueError:
            self._state.replace(self._state.with_suffix(".damaged"))
        return {"red": {}, "waiting": []}

    def _write(self, state: dict) -> None:
        self._state.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
        fresh.replace(self._state)


def send(channel: str, title: str, text: str) -> bool:
    """Send through Apprise: feishu://, dingtalk://, wecombot://, slack://, mailtos:// and others.

    False when the address is unknown to Apprise or the other side did not take it.
    """
    import apprise

    door = apprise.Apprise()
    return bool(door.add(channel)) and bool(door.notify(title=title, body=text))
