"""A release: the plan of its bytes, its manifest, and its comparison with what is on disk."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from autograder.course import Assignment
from autograder.facts import Facts
from autograder.files import digest

MANIFEST = "MANIFEST.json"
FLAVORS = ("otter", "nbgrader")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says beside the list of files."""

    assignment: str
    release: str
    """Digest of what it was made from; every notebook of the release carries it."""

    thresholds: str
    """``calibrated``, ``uncalibrated`` (a low bar stands in) or ``none``."""

    secret_count: int
    """How many things the leak check looked for."""

    public_count: int
    """How many it did not, because students see them anyway."""


def release_id(assignment: Assignment, notebook: bytes, facts: Facts, files: Mapping[str, bytes]) -> str:
    """Return the digest of everything that a release is made from, 16 hexadecimal digits."""
    settings = {
        "lab": asdict(facts.lab),
        "expected": dict(facts.expected),
        "thresholds": dict(facts.thresholds),
        "points": assignment.points,
        "kit": assignment.kit,
    }
    text = json.dumps(settings, sort_keys=True, default=repr)
    return digest({**files, "source.ipynb": notebook, "settings.json": text.encode()})[:16]


def release_files(
    manifest: Manifest, otter: Mapping[str, bytes], nbgrader: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return every file of a release, its manifest included."""
    files = {f"otter/{name}": data for name, data in otter.items()}
    files |= {f"nbgrader/{name}": data for name, data in nbgrader.items()}
    return {**files, MANIFEST: _manifest(manifest, files)}


def _manifest(manifest: Manifest, files: Mapping[str, bytes]) -> bytes:
    entries = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(files.items())
    }
    text = json.dumps({**asdict(manifest), "files": entries}, indent=1, ensure_ascii=False)
    return (text + "\n").encode()
