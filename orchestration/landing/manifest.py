"""The side file `_manifest.json` of a day folder: what its puller says about the files."""

import json
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "_manifest.json"
_SETTINGS = {"rows", "full"}


@dataclass(frozen=True)
class Promise:
    """What a manifest says about a file: its number of records, and whether it is all there is."""

    rows: int | None = None
    is_full: bool = False


class Manifests:
    """The manifests of the day folders, each read once; `messages` tells of broken ones."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._read: dict[Path, dict] = {}

    def promise(self, path: Path) -> Promise:
        """What the manifest beside a file says about it; nothing without a manifest."""
        folder = path.parent
        if folder not in self._read:
            self._read[folder] = self._manifest(folder / MANIFEST)
        manifest = self._read[folder]
        said = manifest if _SETTINGS & set(manifest) else manifest.get(path.name)
        if not isinstance(said, dict):
            return Promise()
        rows = said.get("rows")
        is_number = isinstance(rows, int) and not isinstance(rows, bool)
        return Promise(rows if is_number else None, said.get("full") is True)

    def _manifest(self, path: Path) -> dict:
        if not path.is_file():
            return {}
        try:
            manifest = json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            self.messages.append(
                f"{path}: is no JSON ({error}), so its files are taken for parts: write it anew"
            )
            return {}
        return manifest if isinstance(manifest, dict) else {}
