"""What every monitor returns: passed or not, why, and the numbers behind it."""

import json
import math
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Verdict:
    """One judgement. `reason` is a sentence for people; `numbers` are plain floats by name.

    A monitor that has too little to judge passes and says so in `reason`.
    """

    name: str
    passed: bool
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # numpy scalars would be refused by JSON and by the orchestrator's metadata
        object.__setattr__(self, "passed", bool(self.passed))
        plain = {str(key): float(value) for key, value in self.numbers.items()}
        object.__setattr__(self, "numbers", plain)

    def to_json(self) -> str:
        """Strict JSON text; a number that is not finite is written as null."""
        content = asdict(self)
        content["numbers"] = {
            key: value if math.isfinite(value) else None for key, value in self.numbers.items()
        }
        return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Verdict":
        """Read what `to_json` wrote; null becomes nan. Raises ValueError on anything else."""
        content = json.loads(text)
        wrong = {"name", "passed", "reason", "numbers"} ^ set(content)
        if wrong:
            raise ValueError(f"not a verdict: fields {sorted(wrong)} are missing or unknown")
        numbers = {
            key: math.nan if value is None else value for key, value in content["numbers"].items()
        }
        return cls(**{**content, "numbers": numbers})
