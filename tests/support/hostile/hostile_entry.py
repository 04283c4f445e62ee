"""What runs in a submission's place: executes the code that the test sent, and answers."""

import json
import socket
import traceback
from collections.abc import Mapping
from typing import Any


def main(wire: socket.socket, options: Mapping[str, Any]) -> None:
    """Run ``options["code"]`` with ``wire`` and ``options``; send what it leaves in ``answer``."""
    space: dict[str, Any] = {"wire": wire, "options": options, "answer": None}
    try:
        exec(options["code"], space)
        answer = {"answer": space["answer"]}
    except BaseException as error:  # noqa: BLE001  whatever hostile code raises is the answer
        answer = {"error": type(error).__name__, "text": traceback.format_exc()}
    wire.sendall(json.dumps(answer).encode() + b"\n")
