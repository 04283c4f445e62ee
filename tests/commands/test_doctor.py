"""The doctor tries the whole recipe and says what each missing layer means."""

import io

from rich.console import Console

from autograder.commands import doctor
from autograder.sandbox.layers import ALL_LAYERS, IsolationStatus, Layer


def test_it_tries_every_layer_and_prints_a_verdict() -> None:
    out = io.StringIO()
    code = doctor.print_report(
        Console(file=out, width=200), [("imdb.npz", "[missing]: the embedded reviews")]
    )
    lines = out.getvalue().splitlines()
    assert code == 0
    assert [line.split()[1] for line in lines if line.startswith("isolation: ")][:-1] == [
        layer.value for layer in Layer
    ]
    missing = any("missing (" in line for line in lines)
    assert lines[-1].startswith("isolation: reduced" if missing else "isolation: full")
    assert any(line.startswith("tensorflow") and "2." in line for line in lines)
    assert any(line.split() == ["imdb.npz", "[missing]:", "the", "embedded", "reviews"] for line in lines)


def test_a_missing_layer_is_named_with_its_reason_and_what_its_absence_means() -> None:
    isolation = IsolationStatus(
        ALL_LAYERS - {Layer.ROOT, Layer.PIDS}, ((Layer.PIDS, "OSError: [Errno 1] unshare: not permitted"),)
    )
    lines = dict(doctor.layer_states(isolation))
    assert isolation.level == "reduced"
    assert isolation.missing == ("pids", "root")
    assert lines["isolation: seccomp"] == "present"
    assert "[Errno 1] unshare: not permitted" in lines["isolation: pids"]
    assert "needs a layer that is missing" in lines["isolation: root"]
    assert "world-readable files" in lines["isolation: root"]
