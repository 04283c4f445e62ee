"""Messages that could leak what a hidden check asked, and the second run that replaces them.

A student reads the messages of visible checks, and many quote the submission: the value that it
returned, the exception that it raised. Once a hidden check has called an answer, the submission
has seen the hidden arguments. It can store them in a global and raise them as the text of an
exception at any visible check that follows, also one of another question. So every message that
the submission may have influenced after the first hidden check is *tainted*. It is not shown to
anyone. When the notebook is finished, it runs once more from the start with the tainted checks
only: no hidden check runs in that process, so nothing hidden can be in its messages. They replace
the tainted ones where the outcome is the same. Where it is not, the submission behaves differently
with hidden checks, and a fixed sentence is shown. Outcomes always come from the first run: the
second run cannot change a mark.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from autograder.engine.results import CheckResult

WITHHELD_MESSAGE = "The output differed when hidden checks ran, so it is not shown"


@dataclass(slots=True)
class TaintTracker:
    """The checks of one run whose messages are tainted."""

    hidden_check_ran: bool = False
    """True once a hidden check has called an answer, in any process of the submission."""

    check_ids: set[str] = field(default_factory=set)

    def add(self, check_id: str) -> None:
        """Note that the submission influenced the message of a check."""
        if self.hidden_check_ran:
            self.check_ids.add(check_id)

    def without_tainted_message(self, result: CheckResult) -> CheckResult:
        """Return a result as it may be shown before the second run."""
        if result.id not in self.check_ids:
            return result
        return replace(result, message="", hint="")


def replace_messages(
    checks: tuple[CheckResult, ...],
    tainted: frozenset[str],
    rerun: Callable[[frozenset[str]], Iterable[CheckResult]],
) -> tuple[CheckResult, ...]:
    """Return the results with the tainted messages replaced by those of a second run.

    Args:
        checks: results of the first run.
        tainted: ids of the checks with tainted messages.
        rerun: runs the submission again with only these checks.
    """
    if not tainted:
        return checks
    # Equal outcomes do not prove that both messages mean the same, but the second one is safe to
    # show by itself: no hidden check had run when the submission produced it.
    second = {check.id: check for check in rerun(tainted)}
    replaced = []
    for check in checks:
        if check.id in tainted and second[check.id].outcome is check.outcome:
            check = replace(check, message=second[check.id].message, hint=second[check.id].hint)
        elif check.id in tainted:
            check = replace(check, message=WITHHELD_MESSAGE, hint="")
        replaced.append(check)
    return tuple(replaced)
