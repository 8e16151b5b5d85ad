"""The torch module behind the recurrent forecaster; imported only where torch is needed."""

import torch
from torch import nn


class DemandNet(nn.Module):
    """LSTM over the past, one head per target week.

    Inputs: past (B, L, past), future (B, H, future), size (B, 2), codes (B, static columns),
    relative (B, H): the classical forecast over the series' scale. Returns the mean (B, H),
    always positive, and the quantile knots (B, H, K) in rising order.
    """

    def __init__(
        self,
        *,
        past: int,
        future: int,
        levels: list[int],
        embedding: int,
        hidden: int,
        dropout: float,
        knots: int,
    ) -> None:
        super().__init__()
        self.encoder = nn.LSTM(past, hidden, batch_first=True)
        self.embed = nn.ModuleList(nn.Embedding(count, embedding) for count in levels)
        width = hidden + 2 + future + embedding * len(levels)
        self.head = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.out = nn.Linear(hidden, 1 + knots)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.middle = knots // 2

    def forward(self, past, future, size, codes, relative):  # noqa: D102
        _, (state, _) = self.encoder(past)
        whole = [state[-1], size, *(embed(codes[:, k]) for k, embed in enumerate(self.embed))]
        steps = torch.cat(whole, dim=1).unsqueeze(1).expand(-1, future.shape[1], -1)
        raw = self.out(self.head(torch.cat([steps, future], dim=2)))
        mean = relative * torch.exp(raw[..., 0].clamp(-2, 2))
        centre = relative * torch.exp(raw[..., 1 + self.middle].clamp(-4, 2))
        unit = (0.3 * torch.sqrt(relative)).unsqueeze(-1)
        gaps = nn.functional.softplus(raw[..., 1:]) * unit
        below = -gaps[..., : self.middle].flip(-1).cumsum(-1).flip(-1)
        above = gaps[..., self.middle + 1 :].cumsum(-1)
        centre = centre.unsqueeze(-1)
        return mean, torch.cat([centre + below, centre, centre + above], dim=-1)
