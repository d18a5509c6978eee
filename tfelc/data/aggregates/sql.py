"""The SQL of aggregates: running sums over whole numbers, and what of them differs between engines.

It is read from a table `log` with one row for each row of the log: `row_number` from 0, `day` and `utc_day` from 1970,
`happened` in microseconds, `counted` (whether it is of the training split), and the columns that are read as `c0`, `c1`
... Such names need no quotes, which differ between engines, and cannot fall together where upper case does not count.

For each key there is one line of places, which are days or microseconds: a row enters at its own, leaves where the
window has passed it, and asks at its own less the delay. The running sum up to an ask is its answer; at equal places
asks come first, so that nobody sees what happens at the same moment. RANGE frames would say it more shortly, but DuckDB
2.0.1 answers some of them differently from run to run.

It keeps to what DuckDB and Spark share: ROWS frames, CASE in place of FILTER, which Spark has not for windows, and
numbers as CAST('0.1' AS DOUBLE), since 0.1 is a DECIMAL. What differs is the `Dialect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfelc.data.aggregates.clock import DAY, MINUTE
from tfelc.data.aggregates.dialect import Dialect
from tfelc.schema.aggregate import Aggregate

Names = Mapping[str, str]


def feature_query(name: str, aggregate: Aggregate, names: Names, dialect: Dialect) -> str:
    """Query for an aggregate: `row_number` and one column, in the order of the rows; null for an empty list.

    Args:
        name: Name of the column in the answer.
        aggregate: What to compute.
        names: Column of the log -> its name in the table `log`.
        dialect: The engine's words.
    """
    if aggregate.compute == "last":
        return _list_query(name, aggregate, names, dialect)
    join = ""
    if aggregate.compute == "since":
        running = _running(aggregate, names, ["1"], latest=True)
        value = f"CASE WHEN a.total0 > 0 THEN (a.happened - a.latest) / {_number(DAY)} END"
    elif aggregate.compute == "rate":
        running = _running(aggregate, names, [_positive(aggregate, names), _decided(aggregate, names)])
        value = _rate(aggregate, "a.total0", "a.total1", "p.rate")
        if aggregate.needs_prior:
            day = "a.place" if aggregate.delay == "day" else f"CAST(floor(a.place / {_number(DAY)}) AS BIGINT)"
            join = f"LEFT JOIN prior_{name} AS p ON p.of_day = {day} "
    else:
        running, value = _running(aggregate, names, ["1"]), "a.total0"
    known = _known(keys_of(aggregate, names), "a.")
    return (
        f"SELECT a.row_number, CASE WHEN {known} THEN {value} END AS {name} FROM ({running}) AS a {join}"
        "ORDER BY a.row_number"
    )


def prior_query(aggregate: Aggregate, names: Names) -> str:
    """Query for the outcomes of all keys by day: `day`, `outcomes` and `seen`, by day."""
    day = "day" if aggregate.delay == "day" else "utc_day"
    return (
        f"SELECT {day} AS day, count({_case(aggregate, names, _or_null(_positive(aggregate, names)))}) AS outcomes, "
        f"count({_case(aggregate, names, _or_null(_decided(aggregate, names)))}) AS seen "
        f"FROM log GROUP BY {day} ORDER BY {day}"
    )


def state_query(
    group: Mapping[str, Aggregate], names: Names, day: int, begin: int, priors: Mapping[str, float], dialect: Dialect
) -> str:
    """Query for what a row at the first moment of a day would see: keys, in their order, and a column for each.

    Args:
        group: Aggregates by the name of their columns in the answer; all have the same `by`.
        names: Column of the log -> its name in the table `log`.
        day: Number of the day.
        begin: When it begins, in microseconds.
        priors: The prior of each rate that needs one, where it is defined.
        dialect: The engine's words.
    """
    keys = keys_of(next(iter(group.values())), names)
    columns, grouped, joins = [f"g.{key}" for key in keys], list(keys), []
    for name, aggregate in group.items():
        inside = _before(aggregate, day, begin)
        if aggregate.compute == "last":
            matched = " AND ".join(f"g.{key} = s_{name}.{key}" for key in keys)
            joins.append(f"LEFT JOIN ({_latest(aggregate, names, inside, dialect)}) AS s_{name} ON {matched}")
            columns.append(f"s_{name}.latest AS {name}")
        else:
            prior = _number(priors[name]) if name in priors else "CAST(NULL AS DOUBLE)"
            grouped.append(f"{_grouped(aggregate, names, prior, inside)} AS {name}")
            columns.append(f"g.{name}")
    found = f"SELECT {', '.join(grouped)} FROM log WHERE {_known(keys)} GROUP BY {', '.join(keys)}"
    order = ", ".join(f"g.{key}" for key in keys)
    return f"SELECT {', '.join(columns)} FROM ({found}) AS g {' '.join(joins)} ORDER BY {order}"


def keys_of(aggregate: Aggregate, names: Names) -> list[str]:
    """The names of its key in the table `log`."""
    return [names[column] for column in aggregate.by]


def _running(
    aggregate: Aggregate, names: Names, weights: Sequence[str], latest: bool = False, staying: int | None = None
) -> str:
    """Asks with the sums of `weights` over what they may see: `row_number`, the key, `place`, `happened`, `total0` ...

    With `latest` also the time of the latest row; the weight of number `staying` never leaves.
    """
    keys = keys_of(aggregate, names)
    key, clock, zeros = ", ".join(keys), _clock(aggregate), ", ".join(["0"] * len(weights))
    delay = 0 if aggregate.delay == "day" else aggregate.delay * MINUTE
    named = ", ".join(f"{weight} AS weight{n}" for n, weight in enumerate(weights))
    leaving = ", ".join("0" if n == staying else f"-weight{n}" for n in range(len(weights)))
    events = (
        f"SELECT {key}, {clock} AS place, happened, {named}, {_end(aggregate, names)} AS until FROM log "
        f"WHERE {_known(keys)} AND {_looked_at(aggregate, names)}"
    )
    heads = ", ".join(f"weight{n}" for n in range(len(weights)))
    sums = ", ".join(f"CAST(sum(weight{n}) OVER line AS BIGINT) AS total{n}" for n in range(len(weights)))
    return (
        f"WITH events AS ({events}), steps (row_number, {key}, place, asks, happened, seen, {heads}) AS ("
        f"SELECT row_number, {key}, {clock} - {delay}, 0, happened, CAST(NULL AS BIGINT), {zeros} FROM log UNION ALL "
        f"SELECT CAST(NULL AS BIGINT), {key}, place, 1, happened, happened, {heads} FROM events UNION ALL "
        f"SELECT CAST(NULL AS BIGINT), {key}, until, 1, happened, CAST(NULL AS BIGINT), {leaving} FROM events "
        f"WHERE until IS NOT NULL) "
        f"SELECT * FROM (SELECT row_number, {key}, place, happened, {sums}"
        f"{', max(seen) OVER line AS latest' if latest else ''} FROM steps WINDOW line AS (PARTITION BY {key} "
        "ORDER BY place, asks ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS r WHERE row_number IS NOT NULL"
    )


def _end(aggregate: Aggregate, names: Names) -> str:
    """Where an event is no longer seen; null for never. Of equal values only the latest counts as a distinct one."""
    clock, width = _clock(aggregate), 1 if aggregate.delay == "day" else DAY
    end = "CAST(NULL AS BIGINT)" if aggregate.window == "all" else f"{clock} + {aggregate.window * width}"
    if aggregate.compute != "distinct":
        return end
    key = ", ".join([*keys_of(aggregate, names), names[aggregate.of[0]]])
    again = f"lead({clock}) OVER (PARTITION BY {key} ORDER BY {clock})"
    return again if aggregate.window == "all" else f"CASE WHEN {again} < {end} THEN {again} ELSE {end} END"


def _list_query(name: str, aggregate: Aggregate, names: Names, dialect: Dialect) -> str:
    """Each event gets the list of the values up to itself, and each ask the list of the last event that it may see."""
    keys = keys_of(aggregate, names)
    key, value = ", ".join(keys), names[aggregate.of[0]]
    ordered = f"PARTITION BY {key} ORDER BY {_clock(aggregate)}, happened, {value}"
    frame = f"{ordered} ROWS BETWEEN {aggregate.size - 1} PRECEDING AND CURRENT ROW"
    lists = (
        f"SELECT {key}, row_number() OVER ({ordered}) AS place, {dialect.collected(value, frame)} AS latest FROM log "
        f"WHERE {_known(keys)} AND {_looked_at(aggregate, names)}"
    )
    asked = _running(aggregate, names, ["1", "1"] if aggregate.window != "all" else ["1"], staying=0)
    matched = " AND ".join(f"a.{each} = v.{each}" for each in keys)
    latest = "v.latest"
    if aggregate.window != "all":
        latest = f"CASE WHEN a.total1 > 0 THEN {dialect.tail('v.latest', 'a.total1')} END"
    return (
        f"SELECT a.row_number, {latest} AS {name} FROM ({asked}) AS a "
        f"LEFT JOIN ({lists}) AS v ON {matched} AND a.total0 = v.place ORDER BY a.row_number"
    )


def _grouped(aggregate: Aggregate, names: Names, prior: str, inside: str) -> str:
    """An aggregate's expression over the rows of a group that lie `inside`."""

    def counted(expression: str) -> str:
        return f"count({_case(aggregate, names, expression, inside)})"

    if aggregate.compute == "count":
        return counted("1")
    if aggregate.compute == "distinct":
        return counted(names[aggregate.of[0]]).replace("count(", "count(DISTINCT ", 1)
    if aggregate.compute == "since":
        return f"max({_case(aggregate, names, 'happened', inside)})"
    outcomes, seen = (counted(_or_null(part(aggregate, names))) for part in (_positive, _decided))
    return _rate(aggregate, outcomes, seen, prior)


def _latest(aggregate: Aggregate, names: Names, inside: str, dialect: Dialect) -> str:
    key, value = ", ".join(keys_of(aggregate, names)), names[aggregate.of[0]]
    order = f"{_clock(aggregate)} DESC, happened DESC, {value} DESC"
    events = (
        f"SELECT {key}, {value} AS value, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS place "
        f"FROM log WHERE {_looked_at(aggregate, names)} AND {inside}"
    )
    listed = dialect.in_places("value", "place")
    return f"SELECT {key}, {listed} AS latest FROM ({events}) AS e WHERE place <= {aggregate.size} GROUP BY {key}"


def _rate(aggregate: Aggregate, outcomes: str, seen: str, prior: str) -> str:
    strength = _number(aggregate.strength)
    if not aggregate.strength:
        return f"CASE WHEN {seen} > 0 THEN {outcomes} / CAST({seen} AS DOUBLE) END"
    rate = prior if aggregate.prior is None else _number(aggregate.prior)
    return f"({outcomes} + {strength} * {rate}) / ({seen} + {strength})"


def _before(aggregate: Aggregate, day: int, begin: int) -> str:
    clock = _clock(aggregate)
    end, width = (day, 1) if aggregate.delay == "day" else (begin, DAY)
    later = "" if aggregate.window == "all" else f"{clock} >= {end - aggregate.window * width} AND "
    return f"{later}{clock} < {end}"


def _clock(aggregate: Aggregate) -> str:
    return "day" if aggregate.delay == "day" else "happened"


def _looked_at(aggregate: Aggregate, names: Names) -> str:
    """Whether a row is looked at: not where there is no value to take."""
    value = names[aggregate.of[0]] if aggregate.compute in ("distinct", "last") else "1"
    return f"{_case(aggregate, names, value)} IS NOT NULL"


def _case(aggregate: Aggregate, names: Names, expression: str, inside: str | None = None) -> str:
    """An expression where a row is looked at, null elsewhere; count and max pass nulls over."""
    conditions = [f"{names[label]} = 1" for label in aggregate.where]
    if aggregate.rows == "train":
        conditions.append("counted")
    if inside is not None:
        conditions.append(inside)
    return f"CASE WHEN {' AND '.join(conditions)} THEN {expression} END" if conditions else expression


def _positive(aggregate: Aggregate, names: Names) -> str:
    return f"CASE WHEN {_all_happened(aggregate, names)} THEN 1 ELSE 0 END"


def _decided(aggregate: Aggregate, names: Names) -> str:
    # Of unknown outcomes one that did not happen decides all the same: 0 AND null is 0.
    return f"CASE WHEN ({_all_happened(aggregate, names)}) IS NOT NULL THEN 1 ELSE 0 END"


def _or_null(weight: str) -> str:
    return f"NULLIF({weight}, 0)"


def _all_happened(aggregate: Aggregate, names: Names) -> str:
    return " AND ".join(f"{names[label]} = 1" for label in aggregate.of)


def _known(keys: Sequence[str], of: str = "") -> str:
    return " AND ".join(f"{of}{key} IS NOT NULL" for key in keys)


def _number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"
