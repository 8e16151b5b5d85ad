"""Churn by an LSTM (torch) over each customer's last purchase days."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from ml.churn.features import STEP_NUMBERS, Inputs, Sequences

DEFAULTS = {
    "hidden": 32,
    "embedding": 4,
    "dropout": 0.1,
    "learning_rate": 8e-3,
    "weight_decay": 1e-4,
    "batch_rows": 256,
    "max_epochs": 6,
    "max_rows": 12_000,
}
_PATIENCE = 2
# layers this small gain nothing from a second thread, and lose when cores are shared
_THREADS = 1
_AVERAGE_KEEPS = 0.98
_JUDGED_ROWS = 8_000
_PREDICT_ROWS = 4_096


def search_space(trial: Any) -> dict[str, float]:
    """Hyper-parameters an Optuna trial may choose for this family."""
    return {
        "hidden": trial.suggest_categorical("hidden", [16, 32, 64]),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "learning_rate": trial.suggest_float("learning_rate", 1e-3, 1e-2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True),
    }


class Recurrent:
    """LSTM with a category embedding; `fit` keeps the number of epochs best for the held rows.

    Learns from at most `max_rows` rows drawn with the seed, which keeps a night's training short;
    it predicts every row. The global torch state is left as found.
    """

    name = "lstm"

    def __init__(self, *, params: dict[str, float], seed: int) -> None:
        unknown = sorted(set(params) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"lstm does not know the parameters {unknown}")
        self._params = DEFAULTS | params
        self._seed = seed
        self._epochs = int(self._params["max_epochs"])
        self._shape: dict[str, Any] = {}
        self._network = None

    def fit(self, train: Inputs, y: np.ndarray, held: Inputs, held_y: np.ndarray) -> "Recurrent":
        """Learn from the training rows; the held rows only say how many epochs to keep."""
        # evenly over the rows, which come slice after slice
        some = np.linspace(0, len(held) - 1, min(len(held), _JUDGED_ROWS)).astype(int)
        judged, judged_y = held.take(some), held_y[some]
        best, best_epoch, kept = np.inf, 0, {}
        with _torch_state(self._seed):
            for epoch in self._train(train, y, int(self._params["max_epochs"])):
                margin = self._margin(judged.sequences)
                loss = float(np.mean(np.logaddexp(0, margin) - judged_y * margin))
                if loss < best:
                    best, best_epoch = loss, epoch
                    kept = {name: v.clone() for name, v in self._network.state_dict().items()}
                elif epoch - best_epoch >= _PATIENCE:
                    break
        self._epochs = best_epoch
        self._network.load_state_dict(kept)
        return self

    def refit(self, train: Inputs, y: np.ndarray) -> "Recurrent":
        """Learn from all rows given, as many epochs as `fit` found best."""
        with _torch_state(self._seed):
            for _ in self._train(train, y, self._epochs):
                pass
        return self

    def margin(self, inputs: Inputs) -> np.ndarray:
        """Log odds of churn, (n,)."""
        with _torch_state(self._seed):
            return self._margin(inputs.sequences)

    def save(self, folder: Path) -> None:
        """Write `lstm.json` (shape) and `lstm.pt` (state_dict)."""
        import torch

        (folder / "lstm.json").write_text(json.dumps(self._shape), encoding="utf-8")
        torch.save(self._network.state_dict(), folder / "lstm.pt")

    def load(self, folder: Path) -> "Recurrent":
        """Read what `save` wrote; only tensors are accepted."""
        import torch

        self._shape = json.loads((folder / "lstm.json").read_text(encoding="utf-8"))
        with _torch_state(self._seed):
            self._network = _network(self._shape)
        self._network.load_state_dict(torch.load(folder / "lstm.pt", weights_only=True))
        return self

    def _train(self, train: Inputs, y: np.ndarray, epochs: int) -> Iterator[int]:
        """Start from new weights and yield after each epoch."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as log_loss

        draw = np.random.default_rng(self._seed)
        rows = np.sort(draw.permutation(len(train))[: int(self._params["max_rows"])])
        sequences, y = train.sequences.take(rows), np.asarray(y, dtype=np.float32)[rows]
        self._shape = self._learn_shape(sequences)
        network = _network(self._shape)
        # the average of the weights walked through: single steps jitter the level of the score
        self._network = average = deepcopy(network)
        steps = 0
        optimiser = torch.optim.Adam(
            network.parameters(),
            lr=self._params["learning_rate"],
            weight_decay=self._params["weight_decay"],
        )
        for epoch in range(1, epochs + 1):
            network.train()
            for batch in _batches(sequences.length, int(self._params["batch_rows"]), draw):
                margin = network(*_tensors(sequences, batch))
                loss = log_loss(margin, torch.from_numpy(y[batch]))
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                steps += 1
                _move_towards(average, network, max(1 - _AVERAGE_KEEPS, 9 / (9 + steps)))
            yield epoch

    def _learn_shape(self, sequences: Sequences) -> dict[str, Any]:
        batch = sequences.batch(np.arange(len(sequences.as_of)))
        real = np.arange(batch.numbers.shape[1]) < batch.length[:, None]
        steps = batch.numbers[real].reshape(-1, len(STEP_NUMBERS)).astype(float)
        centre = steps.mean(axis=0) if len(steps) else np.zeros(len(STEP_NUMBERS))
        spread = steps.std(axis=0) if len(steps) else np.ones(len(STEP_NUMBERS))
        return {
            "hidden": int(self._params["hidden"]),
            "embedding": int(self._params["embedding"]),
            "dropout": float(self._params["dropout"]),
            "categories": int(sequences.category.max(initial=-1)) + 2,
            "centre": centre.tolist(),
            "spread": np.where(spread < 1e-6, 1.0, spread).tolist(),
        }

    def _margin(self, sequences: Sequences) -> np.ndarray:
        import torch

        self._network.eval()
        margin = np.empty(len(sequences.as_of))
        by_length = np.argsort(sequences.length, kind="stable")
        with torch.inference_mode():
            for start in range(0, len(by_length), _PREDICT_ROWS):
                rows = by_length[start : start + _PREDICT_ROWS]
                margin[rows] = self._network(*_tensors(sequences, rows)).numpy()
        return margin


def _batches(length: np.ndarray, size: int, draw: np.random.Generator) -> list[np.ndarray]:
    """Random batches of rows with similar lengths, so that little of a batch is padding."""
    shuffled = draw.permutation(len(length))
    ordered = shuffled[np.argsort(length[shuffled], kind="stable")]
    batches = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [batches[i] for i in draw.permutation(len(batches))]


def _move_towards(average: Any, network: Any, share: float) -> None:
    import torch

    with torch.no_grad():
        for kept, new in zip(average.parameters(), network.parameters(), strict=True):
            kept.lerp_(new, share)


def _tensors(sequences: Sequences, rows: np.ndarray) -> tuple[Any, Any, Any]:
    import torch

    batch = sequences.batch(rows)
    return (
        torch.from_numpy(batch.numbers),
        torch.from_numpy(batch.category.astype(np.int64)),
        torch.from_numpy(batch.length.astype(np.int64)),
    )


@contextmanager
def _torch_state(seed: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(_THREADS)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _network(shape: dict[str, Any]) -> Any:
    """Build the torch module `shape` describes: (numbers, category, length) -> log odds (n,)."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", torch.tensor(shape["centre"]))
            self.register_buffer("spread", torch.tensor(shape["spread"]))
            self.category = nn.Embedding(shape["categories"], shape["embedding"], padding_idx=0)
            width = len(STEP_NUMBERS) + shape["embedding"]
            self.lstm = nn.LSTM(width, shape["hidden"], batch_first=True)
            self.head = nn.Sequential(
                nn.Dropout(shape["dropout"]),
                nn.Linear(shape["hidden"] + 1, shape["hidden"]),
                nn.ReLU(),
                nn.Linear(shape["hidden"], 1),
            )

        def forward(self, numbers: Any, category: Any, length: Any) -> Any:
            steps = (numbers - self.centre) / self.spread
            # a word first met after fitting has no row in the embedding
            known = category * (category < self.category.num_embeddings)
            states, _ = self.lstm(torch.cat([steps, self.category(known)], dim=2))
            last = states[torch.arange(len(states)), (length - 1).clamp(min=0)]
            last = last * (length > 0)[:, None]
            return self.head(torch.cat([last, torch.log1p(length)[:, None]], dim=1)).squeeze(1)

    return Network()
