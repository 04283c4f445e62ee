"""Sentences about a student's own results; each is true whatever the numbers are."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from .errors import KitError, unanswered
from .quiet import keras
from .tables import (
    PAGE_WIDTH,
    Scores,
    accuracy_of,
    listed,
    models_missing,
    own_parameters,
    two_standard_errors,
)


def show_insights(scores: Scores, models: Mapping[str, keras.Model], tied: Any, *, n_test: int) -> None:
    """Print what these numbers say, and nothing that they do not say.

    Args:
        models: the recurrent models; a model without recurrent layer may be among them.
        tied: the models that Q8 calls tied with the best.
        n_test: number of test reviews behind each accuracy.
    """
    if models_missing(scores) or models_missing(models) or unanswered("Q8", tied):
        return
    found = {name: accuracy_of(scores, name) for name in scores}
    sizes = {name: own_parameters(model, name) for name, model in models.items()}
    sizes = {name: size for name, size in sizes.items() if size and name in found}
    sentences = [
        _group_sentence(tied, found),
        *_dense_sentence(found, sizes, n_test),
        *_size_sentence(found, sizes),
        *_gated_sentence(found, sizes, n_test),
    ]
    for sentence in sentences:
        print(textwrap.fill(f"- {sentence}", PAGE_WIDTH, subsequent_indent="  "))


def _group_sentence(tied: Any, found: Mapping[str, float]) -> str:
    is_list = isinstance(tied, list | tuple | set)
    if not is_list or not all(name in list(found) for name in tied):
        raise KitError(
            f"Q8 should return a list of model names out of {listed(list(found))}, but it returned {tied!r}."
        )
    best = max(found, key=lambda name: found[name])
    return (
        f"The highest test accuracy is {found[best]:.3f} ({best}). Your answer to Q8 "
        f"calls tied with the best: {listed(sorted(tied)) or 'no model'}."
    )


def _dense_sentence(found: Mapping[str, float], sizes: Mapping[str, int], n_test: int) -> list[str]:
    dense = next((name for name in found if "dense" in name.lower()), None)
    if dense is None or not sizes:
        return []
    best = max(sizes, key=lambda name: found[name])
    lead = found[best] - found[dense]
    margin = two_standard_errors(max(found[best], found[dense]), n_test)
    if abs(lead) <= margin:
        verdict = f"{best}, the best recurrent model, and {dense} are not clearly apart"
    elif lead > 0:
        verdict = f"{best}, the best recurrent model, is clearly better than {dense}"
    else:
        verdict = f"Every recurrent model is clearly worse than {dense}"
    return [
        f"{verdict}: {best} minus {dense} is {lead:+.3f}, and 2 standard errors are "
        f"{margin:.3f} with {n_test:,} reviews. (A model that averages its words ignores "
        "their order.)"
    ]


def _size_sentence(found: Mapping[str, float], sizes: Mapping[str, int]) -> list[str]:
    if len(set(sizes.values())) < 2:
        return []
    small, large = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    return [
        f"The recurrent layer of {large} holds {sizes[large]:,} numbers, that of {small} "
        f"{sizes[small]:,}: {sizes[large] / sizes[small]:.1f} times as many, for a "
        f"difference in accuracy of {found[large] - found[small]:+.3f}."
    ]


def _gated_sentence(found: Mapping[str, float], sizes: Mapping[str, int], n_test: int) -> list[str]:
    lstm = next((name for name in sizes if "lstm" in name.lower()), None)
    gru = next((name for name in sizes if "gru" in name.lower()), None)
    if lstm is None or gru is None:
        return []
    gap = found[lstm] - found[gru]
    margin = two_standard_errors(max(found[lstm], found[gru]), n_test)
    relation = "more" if abs(gap) > margin else "not more"
    return [
        f"{lstm} minus {gru} is {gap:+.3f}, {relation} than 2 standard errors "
        f"({margin:.3f}), with {sizes[lstm]:,} numbers against {sizes[gru]:,}."
    ]
