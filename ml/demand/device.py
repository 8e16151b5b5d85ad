"""Where models are trained: a GPU when there is one and it is wanted, else the CPU."""

CHOICES = ("auto", "cpu", "cuda")


def check_device(device: str) -> str:
    """Return `device`, or raise ValueError if it is not one of CHOICES."""
    if device not in CHOICES:
        raise ValueError(f"device must be one of {CHOICES}, got {device!r}")
    return device


def torch_device(device: str) -> str:
    """ "cuda" when asked for or found by "auto", else "cpu"; without a GPU always "cpu"."""
    import torch

    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def xgboost_device(device: str) -> str:
    """As `torch_device`; "cpu" also where the installed xgboost was built without CUDA."""
    import xgboost

    if device == "cpu" or not xgboost.build_info().get("USE_CUDA"):
        return "cpu"
    return torch_device(device)
