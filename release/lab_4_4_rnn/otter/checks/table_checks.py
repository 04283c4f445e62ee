"""Check frames and series of pandas, cell by cell."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .mismatch import MismatchError, read_table
from .table_view import Column, Kind, TableView, is_table, view

_MAX_NAMED = 8
"""Columns that a message names."""

_MAX_CELL_CHARS = 40
"""Characters of a cell in a message."""

_ROUNDING = 1e-12
"""A difference of this size, relative to a column's largest value, is no difference: 0 may be 1e-17."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """A column that was expected, and the one found for it."""

    label: str
    """How a message names it."""

    seen: Column
    wanted: Column

    @property
    def is_float(self) -> bool:
        return Kind.FLOAT in (self.seen.kind, self.wanted.kind)

    @property
    def tolerance(self) -> float:
        """Return the absolute tolerance of floats."""
        sizes = np.abs(self.wanted.values[~self.wanted.missing].astype(float))
        return float(_ROUNDING * np.max(sizes[np.isfinite(sizes)], initial=1.0))

    def in_order(self, seen_rows: np.ndarray, wanted_rows: np.ndarray) -> "_Pair":
        """Return the pair with the rows of its columns in another order."""
        columns = []
        for column, rows in ((self.seen, seen_rows), (self.wanted, wanted_rows)):
            columns.append(replace(column, values=column.values[rows], missing=column.missing[rows]))
        return _Pair(self.label, *columns)

    def comparable(self) -> "_Pair":
        """Return the pair with values that NumPy can compare with each other."""
        columns = []
        for column in (self.seen.without_categories(), self.wanted.without_categories()):
            if column.values.dtype.kind in "mM":
                column = replace(column, values=column.values.astype(f"{column.values.dtype.kind}8[us]"))
            columns.append(column)
        seen, wanted = columns
        # Where one has no value at all, the type of its values says nothing.
        if seen.missing.all():
            seen = replace(wanted, missing=seen.missing)
        elif wanted.missing.all():
            wanted = replace(seen, missing=wanted.missing)
        return _Pair(self.label, seen, wanted)

    def are_equal(self, rtol: float) -> np.ndarray:
        """Return for each row whether both cells are equal or both are missing."""
        seen, wanted = self.seen, self.wanted
        if self.is_float:
            numbers = seen.values.astype(float), wanted.values.astype(float)
            equal = np.atleast_1d(np.isclose(*numbers, rtol=rtol, atol=self.tolerance))
        else:
            equal = np.asarray(seen.values == wanted.values, dtype=bool)
        return np.where(seen.missing | wanted.missing, seen.missing & wanted.missing, equal)

    def codes(self, rtol: float) -> np.ndarray:
        """Return numbers for the cells of both columns: the same for equal cells, -1 for missing ones."""
        values = np.concatenate([self.seen.values, self.wanted.values])
        if values.dtype == object:
            known: dict[Any, int] = {}
            codes = np.array([known.setdefault(value, len(known)) for value in values], dtype=int)
        elif self.is_float:
            ranks = np.argsort(values, kind="stable")
            ranked = values[ranks].astype(float)
            is_next = ~np.isclose(ranked[1:], ranked[:-1], rtol=rtol, atol=self.tolerance)
            codes = np.zeros(len(values), dtype=int)
            codes[ranks[1:]] = np.cumsum(is_next)
        else:
            codes = np.unique(values, return_inverse=True)[1].reshape(-1)
        codes[np.concatenate([self.seen.missing, self.wanted.missing])] = -1
        return codes


def frame(
    actual: Any,
    expected: Any,
    *,
    order: bool = False,
    index: bool = False,
    kinds: bool = True,
    rtol: float = 1e-6,
    what: str = "the result",
    hint: str = "",
) -> None:
    """Check a DataFrame or a Series of pandas: its columns, its number of rows, their kinds and values.

    A missing value equals a missing value. The order of columns does not count, nor do attributes and
    styles. A Series is a frame of one column whose name does not count.

    Args:
        order: rows must be in the same order. Those of a Series must be anyway, unless its index says
            what each value belongs to.
        index: the index must have the same levels, names and values. By default row numbers do not
            count, and any other index, such as the names of groups, counts as columns: it may be reset.
        kinds: columns must be of the same kind: number, boolean, text, date, datetime with its time
            zone, timedelta, category with its order, mixed. Integers and floats are numbers, since
            pandas makes floats of integers next to a missing value (``integers`` tells them apart).
            Periods and intervals are texts. A category passes where its values alone are expected.
            With ``kinds=False`` only what cannot be compared fails, such as numbers kept as text.
        rtol: relative tolerance where a column holds floats; integers must be equal.

    Raises:
        MismatchError: it says the first cell that differs.
    """
    wanted = view(expected)
    if not is_table(actual):
        raise MismatchError(f"{what} is not a DataFrame or a Series", f"a {type(actual).__name__}", hint=hint)
    seen = read_table(actual, f"{what} is")
    pairs = []
    if index:
        pairs += _pair_levels(seen, wanted, what, hint)
    pairs += _pair_columns(seen, wanted, not index, what, hint)
    if seen.rows != wanted.rows:
        raise MismatchError(f"{what} has the wrong number of rows", seen.rows, wanted.rows, hint)
    for number, pair in enumerate(pairs):
        _check_kind(pair, kinds, what, hint)
        pairs[number] = pair.comparable()
    _check_rows(pairs, order, len(pairs) == 1 and wanted.form != "DataFrame", rtol, what, hint)


def _pair_levels(seen: TableView, wanted: TableView, what: str, hint: str) -> list[_Pair]:
    """Return the levels of both indexes in pairs."""
    seen_names, wanted_names = [[level.name for level in table.index] for table in (seen, wanted)]
    if seen_names != wanted_names:
        raise MismatchError(f"{what} has the wrong index", f"levels {seen_names}", f"{wanted_names}", hint)
    pairs = []
    for level, wanted_level in zip(seen.index, wanted.index, strict=True):
        pairs.append(_Pair(_label(wanted_level, "the index"), level, wanted_level.without_categories()))
    return pairs


def _pair_columns(seen: TableView, wanted: TableView, with_index: bool, what: str, hint: str) -> list[_Pair]:
    """Return each expected column with the one found for it.

    Args:
        with_index: levels of an index count as columns, unless they are row numbers.
    """
    columns, levels = list(seen.columns), list(seen.index)
    if not with_index:
        levels = []
    matches = []
    for column in wanted.columns:
        found = _take(columns, column.name)
        if found is None and column.name is not None:
            found = _take(levels, column.name)
        matches.append((found, column, "the values"))
    if with_index and (wanted.form == "Index" or not wanted.is_numbered):
        for position, level in reversed(list(enumerate(wanted.index))):
            found = _take_level(position, level, seen, columns, levels)
            # In front of the columns: it says which row a message is about.
            matches.insert(0, (found, level.without_categories(), "the index"))
    pairs = [_Pair(_label(column, unnamed), found, column) for found, column, unnamed in matches if found]
    lacking = [column for found, column, _ in matches if found is None]
    if len(columns) == len(lacking) == 1 and "Series" in (seen.form, wanted.form):
        pairs.append(_Pair("the values", columns.pop(), lacking.pop()))
    if lacking or columns:
        found_names, names = _labels(columns, "nothing in its place"), _labels(lacking, "no such column")
        raise MismatchError(f"{what} has the wrong columns", found_names, names, hint)
    return pairs


def _take_level(
    position: int, level: Column, seen: TableView, columns: list[Column], levels: list[Column]
) -> Column | None:
    """Remove what was found for a level of an index from the columns or the levels, and return it."""
    # Row numbers are no names of anything, but years could be.
    if seen.is_numbered and level.kind is not Kind.INTEGER:
        levels = []
    if level.name is not None:
        found = _take(columns, level.name) or _take(levels, level.name)
    else:  # as ``reset_index`` calls it
        found = _take(levels, None) or _take(columns, "index") or _take(columns, f"level_{position}")
    if found is None and len(seen.index) > position:
        found = _take(levels, seen.index[position].name)
    return found


def _take(columns: list[Column], name: Any) -> Column | None:
    """Remove the first column of a name from a list, and return it."""
    for column in columns:
        if column.name == name and type(column.name) is type(name):  # True is 1, and another name
            columns.remove(column)
            return column
    return None


def _label(column: Column, unnamed: str) -> str:
    if column.name is None:
        return unnamed
    return repr(column.name) if type(column.name) is str else f"column {column.name!r}"


def _labels(columns: list[Column], none: str) -> str:
    labels = [_label(column, "an index") for column in columns[:_MAX_NAMED]]
    if len(columns) > _MAX_NAMED:
        labels.append("…")
    return ", ".join(labels) or none


def _check_kind(pair: _Pair, kinds: bool, what: str, hint: str) -> None:
    seen, wanted = pair.seen, pair.wanted
    if seen.missing.all() or wanted.missing.all():
        return  # without a value, there is no kind
    if not kinds or wanted.categories is None:
        seen, wanted = seen.without_categories(), wanted.without_categories()
    found, expected = _kind_words(seen, kinds), _kind_words(wanted, kinds)
    if wanted.is_ordered and seen.categories and wanted.categories:
        found_names, names = list(seen.categories.values), list(wanted.categories.values)
        if not seen.is_ordered:
            found, expected = f"{found} without an order", f"{expected} with an order"
        elif found_names != names:
            raise MismatchError(f"{what} has other categories, or in another order", found_names, names, hint)
    if found != expected:
        problem = f"{what} has a column of the wrong kind"
        raise MismatchError(problem, f"{found} in {pair.label}", expected, hint)


def _kind_words(column: Column, is_strict: bool) -> str:
    """Return what must be equal for two columns to be compared."""
    if column.kind is Kind.INTEGER or column.kind is Kind.FLOAT:
        return "number"
    if column.kind is Kind.BOOLEAN and not is_strict:
        return "number"
    if column.kind is Kind.DATE and not is_strict:
        return "datetime"
    if column.categories:
        return f"category of {_kind_words(column.categories, is_strict)}"
    if column.zone and is_strict:
        return f"datetime in {column.zone}"
    return column.kind.value


def _check_rows(pairs: list[_Pair], order: bool, is_list: bool, rtol: float, what: str, hint: str) -> None:
    difference = _difference(pairs, rtol)
    for pair in pairs if order or is_list else ():
        equal = pair.are_equal(rtol)
        if difference is None and not equal.all():
            raise MismatchError(f"{what} has its rows in the wrong order", hint=hint)
        if is_list and not equal.all():
            row = int(equal.argmin())
            found, expected = _describe(pairs, row, row, equal[[row]])
            difference = f"{found}, row {row}", expected
    if difference is not None:
        raise MismatchError(f"{what} has a wrong value", *difference, hint)


def _difference(pairs: list[_Pair], rtol: float) -> tuple[str, str] | None:
    """Return what was found and what was expected where rows differ, whatever their order; or None."""
    if not pairs or not len(pairs[0].seen.missing):
        return None
    rows = len(pairs[0].seen.missing)
    keys = [pair.codes(rtol) for pair in pairs]
    codes = np.stack(keys, axis=1)
    # Many small steps may lead from one float to another that is not close to it, and all of them
    # have one code. So the floats themselves decide behind the codes, and all pairs are compared.
    for pair in pairs:
        if pair.is_float:
            keys.append(np.concatenate([pair.seen.values, pair.wanted.values]).astype(float))
    seen_rows = np.lexsort([key[:rows] for key in reversed(keys)])
    wanted_rows = np.lexsort([key[rows:] for key in reversed(keys)])
    equal = np.ones(rows, dtype=bool)
    for pair in pairs:
        equal &= pair.in_order(seen_rows, wanted_rows).are_equal(rtol)
    if equal.all():
        return None
    # One row that is missing or too many shifts all below it: rows without a partner are looked for.
    numbers = np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1).tolist()
    surplus = Counter(numbers[:rows])
    surplus.subtract(numbers[rows:])
    extra = [row for row in range(rows) if surplus[numbers[row]] > 0]
    lacking = [row for row in range(rows) if surplus[numbers[rows + row]] < 0]
    if not lacking:
        first = equal.argmin()
        cells = [pair.in_order(seen_rows[[first]], wanted_rows[[first]]) for pair in pairs]
        return _describe(cells, 0, 0, np.array([cell.are_equal(rtol)[0] for cell in cells]))
    matches = codes[extra] == codes[rows + lacking[0]]
    best = int(matches.sum(axis=1).argmax())
    return _describe(pairs, extra[best], lacking[0], matches[best])


def _describe(pairs: list[_Pair], seen_row: int, wanted_row: int, matches: np.ndarray) -> tuple[str, str]:
    """Return a cell that differs and what tells its row, or both rows if no cell of them agrees."""
    found, expected, places = [], [], []
    for pair, is_match in zip(pairs, matches, strict=True):
        if is_match:
            places.append(f"{pair.label} is {_cell_text(pair.wanted, wanted_row)}")
        else:
            found.append(f"{_cell_text(pair.seen, seen_row)} in {pair.label}")
            expected.append(_cell_text(pair.wanted, wanted_row))
    if places:
        return f"{found[0]} where {' and '.join(places[:2])}", expected[0]
    return ", ".join(found[:_MAX_NAMED]), ", ".join(expected[:_MAX_NAMED])


def _cell_text(column: Column, row: int) -> str:
    if column.missing[row]:
        return "a missing value"
    value = column.values[row]
    if column.kind is Kind.FLOAT:
        return f"{value:.12g}"
    text = str(value)
    if isinstance(value, str):
        text = repr(value[:_MAX_CELL_CHARS])
    elif isinstance(value, np.datetime64):
        text = np.datetime_as_string(value, unit="auto")
        if column.zone:
            text += " UTC"
    return text
