"""One plain view of pandas' frames, series and indexes: columns with a kind, values and a mask.

Two frames that look the same to a reader may differ in what they are made of: text is ``object`` in
pandas 2 and ``str`` in pandas 3, whole numbers become floats beside a missing value, and a column may be
nullable, sparse or backed by Arrow. Here a column is what its values are.

Checks run in the student's kernel too, so live objects are read. pandas itself is never imported here,
since a lab that does not use it may lack it: whoever has a frame has imported pandas.
"""

import collections
import datetime
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

MAX_CELLS = 1_000_000
MAX_COLUMNS = 2_000
"""Columns and levels of the index: each takes its time, however short it is."""

PLAIN_TYPES = (str, int, float, bool, datetime.datetime, datetime.date, datetime.timedelta)
"""Types of single values that a column of mixed values and a label may have."""


_DICTS = (collections.Counter, collections.OrderedDict, collections.defaultdict)
"""Python's own kinds of dict, which equal a dict with the same items."""

FIXED_ZONE = re.compile(r"UTC([+-]\d\d:\d\d)?")
ZONE = re.compile(r"[A-Za-z][\w+:/-]{1,60}", re.ASCII)
"""Names of time zones: an offset from UTC, or a place."""


class UnreadableTableError(Exception):
    """A frame holds what nobody can compare, such as lists; the message says what and where."""


class Kind(StrEnum):
    """What a column holds."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TEXT = "text"
    """Also intervals and periods, as they are printed."""

    DATETIME = "datetime"
    DATE = "date"
    TIMEDELTA = "timedelta"
    CATEGORY = "category"
    MIXED = "mixed"
    """Plain values of several kinds."""

    EMPTY = "empty"
    """No value at all: no rows, or every one is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column, or a level of an index."""

    kind: Kind
    values: np.ndarray
    """One for each row, any where it is missing. Texts and mixed values are objects, a datetime with
    a zone is in UTC, a category is its position among the categories."""

    missing: np.ndarray
    """True for each row without a value."""

    name: Any = None
    """A plain value, a tuple of them, or None."""

    zone: str = ""
    """Time zone of datetimes, e.g. ``Europe/Berlin``; empty without one."""

    categories: "Column | None" = None
    is_ordered: bool = False
    """Whether the categories have an order."""

    def without_categories(self) -> "Column":
        """Return a column of categories as a column of what the categories are."""
        if self.categories is None:
            return self
        categories, missing = self.categories, self.missing
        values = np.zeros(len(missing), categories.values.dtype)
        values[~missing] = categories.values[self.values[~missing]]
        return Column(categories.kind, values, missing, self.name, categories.zone)


@dataclass(frozen=True, slots=True, eq=False)
class TableView:
    """A frame, a series (one column) or an index (no column)."""

    form: str
    """``DataFrame``, ``Series`` or ``Index``."""

    columns: tuple[Column, ...]
    index: tuple[Column, ...]
    """Its levels, at least one."""

    label_names: tuple[Any, ...] = (None,)
    """Names of the levels of the column labels."""

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.index[0].missing)

    @property
    def is_numbered(self) -> bool:
        """Return True if the index looks like row numbers, which say nothing."""
        first = self.index[0]
        return len(self.index) == 1 and first.name is None and first.kind in (Kind.INTEGER, Kind.EMPTY)


def is_table(value: Any) -> bool:
    """Return True for a frame, a series or an index of pandas, subclasses too."""
    pandas: Any = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series, pandas.Index))


def view(table: Any) -> TableView:
    """Return the view of a frame, a series or an index; attributes, subclasses and styles are dropped.

    Raises:
        UnreadableTableError: it has more than a million cells or 2,000 columns, or holds other objects
            than plain values.
        TypeError: it is none of the three.
    """
    if not is_table(table):
        raise TypeError(f"{type(table).__name__!r} is not a frame, a series or an index of pandas")
    try:
        return _view(table)
    except (UnreadableTableError, TimeoutError):
        raise
    # Values and types of a column may be the student's own, and those of Arrow raise errors of their own.
    except Exception as error:
        raise UnreadableTableError(f"values that cannot be read ({type(error).__name__})") from error


def is_same(left: Any, right: Any) -> bool:
    """Return True if two values are tables that are equal cell by cell, with order, index and kinds."""
    if not (is_table(left) and is_table(right)):
        return False
    try:
        one, other = view(left), view(right)
    except UnreadableTableError:
        return False
    if (one.form, one.label_names, one.rows) != (other.form, other.label_names, other.rows):
        return False
    columns, others = one.columns + one.index, other.columns + other.index
    return len(columns) == len(others) and all(map(_is_same_column, columns, others))


def plain(value: Any) -> Any:
    """Return single values and arrays of pandas, and arrays of texts, as Python's and NumPy's own.

    A missing value becomes None, an interval or a period a text, a styled frame the frame; a Counter and
    the like become a dict, a named tuple a tuple. Any other value is returned as it is.
    """
    value = _plain_of_pandas(value)
    # Before pandas 3, a column of texts is an array of objects.
    is_object = type(value) is np.ndarray and value.dtype == object and value.size
    if is_object and all(type(item) is str for item in value.flat):
        return value.astype(str)
    if type(value) in _DICTS:
        return dict(value)
    if isinstance(value, tuple) and hasattr(type(value), "_fields"):  # what namedtuple makes
        return tuple(value)
    return value


def _plain_of_pandas(value: Any) -> Any:
    pandas: Any = sys.modules.get("pandas")
    if pandas is None:
        return value
    if value is pandas.NA or value is pandas.NaT:
        return None
    if type(value) is pandas.Timestamp:
        return value.to_pydatetime(warn=False)
    if type(value) is pandas.Timedelta:
        return value.to_pytimedelta()
    if type(value) in (pandas.Interval, pandas.Period):
        return str(value)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        value = np.asarray(value)
    if type(value).__module__ == "pandas.io.formats.style":
        return getattr(value, "data", value)
    return value


def _view(table: Any) -> TableView:
    pandas: Any = sys.modules["pandas"]
    form = next(name for name in ("DataFrame", "Series", "Index") if isinstance(table, getattr(pandas, name)))
    index = table if form == "Index" else table.index
    labels: list[Any] = []
    label_names: tuple[Any, ...] = (None,)
    if form == "DataFrame":
        labels = list(table.columns)
        label_names = tuple(map(_label, table.columns.names))
    if len(index) * max(len(labels), index.nlevels) > MAX_CELLS:
        raise UnreadableTableError(f"more than {MAX_CELLS:,} cells")
    if len(labels) + index.nlevels > MAX_COLUMNS:
        raise UnreadableTableError(f"more than {MAX_COLUMNS:,} columns")
    columns = []
    for position, label in enumerate(labels):
        columns.append(_column(pandas.Series(table.iloc[:, position]), _label(label)))
    if form == "Series":
        columns.append(_column(pandas.Series(table), _label(table.name)))
    levels = []
    for level, name in enumerate(index.names):
        levels.append(_column(pandas.Series(index.get_level_values(level)), _label(name)))
    return TableView(form, tuple(columns), tuple(levels), label_names)


def _label(label: Any) -> Any:
    """Return a label as a plain value or a tuple of them; one that is missing is None."""
    if type(label) is tuple:
        return tuple(map(_label, label))
    label = plain(label)
    if isinstance(label, np.generic):
        label = label.item()
    if label is None or label != label:  # NaN
        return None
    if type(label) not in PLAIN_TYPES:
        raise UnreadableTableError(f"a label of type {type(label).__name__}")
    return label


def _column(series: Any, name: Any) -> Column:
    pandas: Any = sys.modules["pandas"]
    if isinstance(series.dtype, pandas.CategoricalDtype):
        codes = np.asarray(series.cat.codes)
        categories = _column(pandas.Series(series.cat.categories), None)
        is_ordered = bool(series.cat.ordered)
        return Column(Kind.CATEGORY, codes, codes < 0, name, categories=categories, is_ordered=is_ordered)
    missing = np.asarray(series.isna(), dtype=bool)
    present = series[~missing]
    if isinstance(present.dtype, pandas.api.extensions.ExtensionDtype):
        # Nullable, sparse, Arrow, text: one way for all, over their values as objects.
        present = present.astype(object)
    present = present.infer_objects()
    if not len(present):
        dtype = present.dtype if isinstance(present.dtype, np.dtype) else object
        return Column(Kind.EMPTY, np.zeros(len(missing), dtype), missing, name)
    zone = ""
    if isinstance(present.dtype, pandas.DatetimeTZDtype):
        zone = str(present.dtype.tz)
        if not ZONE.fullmatch(zone):
            raise UnreadableTableError("a time zone without a name")
        present = present.dt.tz_convert("UTC").dt.tz_localize(None)
    kind, found = _values(present, name)
    values = np.zeros(len(missing), found.dtype)
    values[~missing] = found
    return Column(kind, values, missing, name, zone)


_KINDS = {
    "i": Kind.INTEGER,
    "u": Kind.INTEGER,
    "f": Kind.FLOAT,
    "b": Kind.BOOLEAN,
    "M": Kind.DATETIME,
    "m": Kind.TIMEDELTA,
}
"""Kinds by that of NumPy's dtype."""


def _values(present: Any, name: Any) -> tuple[Kind, np.ndarray]:
    """Return the kind and the values of a series without missing ones."""
    pandas: Any = sys.modules["pandas"]
    if isinstance(present.dtype, np.dtype) and present.dtype.kind in _KINDS:
        return _KINDS[present.dtype.kind], present.to_numpy()
    if isinstance(present.dtype, (pandas.IntervalDtype, pandas.PeriodDtype)):
        return Kind.TEXT, np.array(list(map(str, present)), dtype=object)
    items = np.empty(len(present), dtype=object)
    for position, item in enumerate(present.astype(object)):
        item = plain(item)
        items[position] = item.item() if isinstance(item, np.generic) else item
    types = set(map(type, items))
    if types == {str}:
        return Kind.TEXT, items
    if types == {datetime.date}:
        return Kind.DATE, items.astype("datetime64[D]")
    if types <= {int, float}:
        return Kind.FLOAT, items.astype(float)
    for kind in types.difference(PLAIN_TYPES):
        place = f" in column {name!r}" if name is not None else ""
        raise UnreadableTableError(f"objects of type {kind.__name__}{place}")
    return Kind.MIXED, items


def _is_same_column(left: Column, right: Column) -> bool:
    if left.categories and right.categories and not _is_same_column(left.categories, right.categories):
        return False
    for name in ("kind", "name", "zone", "is_ordered"):
        if getattr(left, name) != getattr(right, name):
            return False
    if not np.array_equal(left.missing, right.missing):
        return False
    return bool(np.array_equal(left.values[~left.missing], right.values[~right.missing]))
