"""Frames, series and indexes of pandas between two processes: plain arrays, from which they are rebuilt.

``pack`` turns a live one into a ``Table``, in the process that has it, and ``unpack`` rebuilds it in the
other. Nothing that arrives is believed: pandas gets one-dimensional arrays of checked types and sizes, and
what it does not accept is malformed. Without pandas in this process a table stays a ``Table``.
"""

import datetime
import sys
import zoneinfo
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.table_view import (
    FIXED_ZONE,
    MAX_CELLS,
    MAX_COLUMNS,
    PLAIN_TYPES,
    ZONE,
    Column,
    Kind,
    is_same,
    view,
)

_ARRAY_KINDS = {
    Kind.INTEGER: "iu",
    Kind.FLOAT: "f",
    Kind.BOOLEAN: "b",
    Kind.DATETIME: "M",
    Kind.DATE: "M",
    Kind.TIMEDELTA: "m",
    Kind.CATEGORY: "i",
    Kind.EMPTY: "iufbMm",
}
"""Kinds of NumPy's dtypes that the values of a column may have, if they are no list of texts or objects."""

_MAX_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Table:
    """A frame, a series or an index as plain data; untrusted if a submission's process sent it.

    ``form``, ``label_names``, and in ``columns`` and ``index`` a tuple for each column: kind, values,
    mask of the missing ones, name, time zone, categories (such a tuple, or None), whether they are ordered.
    """

    content: dict[str, Any]

    def __repr__(self) -> str:
        """Return the first cells of the first columns."""
        columns = [*self.content.get("index", ()), *self.content.get("columns", ())]
        parts = [f"{column[3]!r}: {list(column[1][:_MAX_SHOWN])}" for column in columns[:_MAX_SHOWN]]
        return f"{self.content.get('form')}({', '.join(parts)})"


def pack(table: Any) -> Table:
    """Return a live frame, series or index as plain data.

    Raises:
        UnreadableTableError: it is too large, or holds other objects than plain values.
    """
    found = view(table)
    return Table(
        {
            "form": found.form,
            "columns": list(map(_pack_column, found.columns)),
            "index": list(map(_pack_column, found.index)),
            "label_names": list(found.label_names),
        }
    )


def unpack(value: Any) -> Any:
    """Return a value whose tables are live, however deep they are in it.

    Raises:
        ValueError: a table is malformed.
    """
    kind = type(value)
    if "pandas" not in sys.modules:
        return value
    if kind is Table:
        try:
            return _rebuild(value.content)
        # pandas and NumPy raise errors of many classes for forged columns.
        except Exception as error:
            raise ValueError(f"a table that cannot be rebuilt ({type(error).__name__})") from error
    if kind in (list, tuple):
        return kind(map(unpack, value))
    if kind is dict:
        return {key: unpack(item) for key, item in value.items()}
    return value


def write_back(table: Any, returned: Any) -> None:
    """Change a frame or a series as the answer changed its copy."""
    if type(table) is type(returned) and hasattr(table, "iloc") and not is_same(table, returned):
        table.__init__(returned)


def _pack_column(column: Column) -> tuple[Any, ...]:
    values: Any = column.values
    if values.dtype == object:
        values = values.copy()
        values[column.missing] = None
        values = values.tolist()
    categories = None
    if column.categories is not None:
        categories = _pack_column(column.categories)
    return (
        column.kind.value,
        values,
        column.missing,
        column.name,
        column.zone,
        categories,
        column.is_ordered,
    )


def _rebuild(content: dict[str, Any]) -> Any:
    pandas: Any = sys.modules["pandas"]
    columns, levels, label_names = content["columns"], content["index"], content["label_names"]
    rows = len(levels[0][2])
    hash(tuple(column[3] for column in (*columns, *levels)))  # raises an error for what is no label
    if rows * max(len(columns), len(levels)) > MAX_CELLS or len(columns) + len(levels) > MAX_COLUMNS:
        raise ValueError("too large")
    arrays = [_rebuild_column(level, rows) for level in levels]
    if len(levels) > 1:
        index = pandas.MultiIndex.from_arrays(arrays, names=[level[3] for level in levels])
    elif levels[0][0] == Kind.INTEGER and np.array_equal(levels[0][1], np.arange(rows)):
        index = pandas.RangeIndex(rows, name=levels[0][3])
    else:
        index = pandas.Index(arrays[0], name=levels[0][3])
    arrays = [_rebuild_column(column, rows) for column in columns]
    match content["form"]:
        case "DataFrame":
            frame = pandas.DataFrame(dict(enumerate(arrays)), index=index)
            labels = [column[3] for column in columns]
            frame.columns = pandas.Index(labels, tupleize_cols=len(label_names) > 1)
            frame.columns.names = label_names
            return frame
        case "Series":
            return pandas.Series(arrays[0], index=index, name=columns[0][3])
        case "Index":
            return index
    raise ValueError("an unknown form")


def _rebuild_column(column: Any, rows: int) -> Any:
    """Return a column as an array of pandas."""
    pandas: Any = sys.modules["pandas"]
    kind, values, missing, _name, zone, categories, is_ordered = column
    kind = Kind(kind)
    if type(missing) is not np.ndarray or missing.dtype != bool or missing.shape != (rows,):
        raise ValueError("a mask that does not fit")
    if type(values) is list:
        return _rebuild_objects(kind, values, missing)
    if values.dtype.kind not in _ARRAY_KINDS[kind] or values.shape != (rows,):
        raise ValueError("values that do not fit")
    if kind is Kind.DATE:
        return _rebuild_objects(kind, values.tolist(), missing)
    if kind is Kind.CATEGORY:
        names = pandas.Index(_rebuild_column(categories, len(categories[2])))
        codes = np.where(missing, -1, values)
        return pandas.Categorical.from_codes(codes, categories=names, ordered=is_ordered is True)
    if values.dtype.kind in "iub":
        if not missing.any():
            return values
        # Floats and objects, which pandas makes of them otherwise, would be another kind of column.
        is_boolean = kind is Kind.BOOLEAN
        masked = pandas.arrays.BooleanArray if is_boolean else pandas.arrays.IntegerArray
        return masked(values, missing)
    values[missing] = np.nan if values.dtype.kind == "f" else values.dtype.type("NaT")
    if not zone:
        return values
    if not ZONE.fullmatch(zone):
        raise ValueError("no time zone")
    place = zone if FIXED_ZONE.fullmatch(zone) else zoneinfo.ZoneInfo(zone)
    return pandas.Series(values).dt.tz_localize("UTC").dt.tz_convert(place).array


def _rebuild_objects(kind: Kind, values: list[Any], missing: np.ndarray) -> Any:
    pandas: Any = sys.modules["pandas"]
    types = {Kind.TEXT: (str,), Kind.MIXED: PLAIN_TYPES, Kind.DATE: (datetime.date,), Kind.EMPTY: ()}[kind]
    cells: list[Any] = []
    for value, is_missing in zip(values, missing.tolist(), strict=True):
        if not is_missing and type(value) not in types:
            raise ValueError("a value of another type")
        cells.append(None if is_missing else value)
    if kind is Kind.TEXT:
        return pandas.Series(cells).array  # of the type that this pandas has for texts
    return pandas.Series(cells, dtype=object).array
