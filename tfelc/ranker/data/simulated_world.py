"""The latent-intent model behind the simulated live-streaming log.

A user belongs to one of five activity groups and has two favorite categories; neither is a feature. The group shows in
fourteen noisy, overlapping activity counters, the favorites in the watch history. The groups behave differently: new
users click what is cheap and near the top, highly active ones what is dear and new, and each group has tastes of its
own. Clicks and conversions (given a click) are Bernoulli draws from

`logit p(click) = base[g] + price[g] * price + taste[g, category] + position[g] * log(place) + age[g] * log(age)
                + favorite + watched before + quality[anchor] + evening[g] * evening(hour) + city * price`

`logit p(conversion | click) = base'[g] + price'[g] * price + taste'[g, category] + age'[g] * log(age)
                + favorite' + quality'[anchor]`

where g is the group; the primed terms are others than the plain ones, some of the opposite sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.hashed_random import hashed_normal, hashed_uniform

GROUPS = ("PN", "N", "LA", "MA", "HA")
_SHARES = np.array([0.12, 0.16, 0.24, 0.28, 0.20])
_CITY_TIERS = ("tier_1", "tier_2", "tier_3", "tier_4")
_DEVICES = ("android_low", "android_high", "ios", "tablet")
_CHANNELS = ("organic", "search", "social", "advert", "gift")
_KINDS = ("visits", "watch_minutes", "clicks", "orders")
CATEGORIES, ANCHORS, HISTORY = 20, 2000, 20
_BEGIN, _SPAN = 1_704_067_200, 14 * 86_400  # two weeks from 1 January 2024

# What a group's counters are around: logarithms of the 30-day counts, and logits of the share of the last 7 days in 30
# and of the last day in 7. Columns: PN, N, LA, MA, HA.
_LOG_VISITS = np.array([0.5, 2.2, 1.1, 3.0, 4.6], np.float32)
_LOG_MINUTES_A_VISIT = np.array([1.2, 1.9, 0.8, 1.7, 2.3], np.float32)
_LOG_CLICKS_A_VISIT = np.array([0.5, 0.9, -0.1, 0.3, 0.9], np.float32)
_LOG_ORDERS_A_CLICK = np.array([-3.6, -1.6, -1.6, -1.5, -2.0], np.float32)
_LOGIT_WEEK = np.array([4.0, 1.4, -2.2, -0.6, -1.0], np.float32)
_LOGIT_DAY = np.array([2.5, -0.1, -2.2, -1.6, -1.3], np.float32)
_LOG_REGISTERED = np.array([0.4, 2.6, 5.6, 5.3, 6.1], np.float32)
_LOG_LAST_VISIT = np.array([-1.6, 0.3, 1.9, 0.4, -0.5], np.float32)
_HISTORY_LENGTH = np.array([0.0, 4.0, 7.0, 16.0, 21.0], np.float32)

# How a group behaves.
_CLICK_BASE = np.array([-1.0, -1.2, -2.0, -1.5, -1.2], np.float32)
_CLICK_PRICE = np.array([-0.8, -0.5, 0.4, 0.2, 0.7], np.float32)
_CLICK_POSITION = np.array([-0.8, -0.6, -0.45, -0.25, -0.05], np.float32)
_CLICK_AGE = np.array([0.35, 0.2, 0.0, -0.1, -0.3], np.float32)
_CLICK_EVENING = np.array([0.0, 0.2, 0.6, 0.3, -0.3], np.float32)
_BUY_BASE = np.array([-2.6, -2.0, -1.3, -1.4, -1.1], np.float32)
_BUY_PRICE = np.array([-1.1, -0.9, -0.6, 0.3, 0.7], np.float32)
_BUY_AGE = np.array([0.1, 0.0, 0.3, 0.2, 0.4], np.float32)


@dataclass(frozen=True)
class Impressions:
    """Rows of the log, and the probabilities that their outcomes were drawn from."""

    table: pa.Table
    click_probability: NDArray[np.float32]
    conversion_probability: NDArray[np.float32]


class SimulatedWorld:
    """Users, anchors and what happens between them.

    A user is computed from the id whenever it turns up, so that memory does not grow with the number of users.

    Args:
        seed: Seed of everything.
        users: Number of users.
    """

    def __init__(self, seed: int, users: int) -> None:
        self.seed = seed
        self.users = users
        rng = np.random.default_rng((seed, 0))
        self._category = np.sort(rng.integers(0, CATEGORIES, ANCHORS))
        self._category_start = np.searchsorted(self._category, np.arange(CATEGORIES + 1))
        self._price = rng.integers(1, 6, ANCHORS)
        self._started = -rng.gamma(1.2, 120, ANCHORS)  # days before the log begins
        self._quality = rng.normal(0, 0.4, ANCHORS).astype(np.float32)
        self._buy_quality = rng.normal(0, 0.5, ANCHORS).astype(np.float32)
        self._taste = rng.normal(0, 0.65, (len(GROUPS), CATEGORIES)).astype(np.float32)
        self._buy_taste = rng.normal(0, 0.7, (len(GROUPS), CATEGORIES)).astype(np.float32)
        liking = np.exp(self._taste)
        self._liking = np.cumsum(liking / liking.sum(axis=1, keepdims=True), axis=1)
        names = pa.array([f"anchor_{i}" for i in range(ANCHORS)])
        self._anchor_names = names
        # Some anchors never filled in their category or price: the log has nulls there, the viewers saw them.
        self._category_names = pa.array([f"category_{i}" for i in range(CATEGORIES)])
        self._no_category = rng.random(ANCHORS) < 0.02
        self._no_price = rng.random(ANCHORS) < 0.03

    def groups(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The latent group of each user, as an index into `GROUPS`."""
        edges = np.cumsum(_SHARES)[:-1]
        return np.searchsorted(edges, hashed_uniform(ids, self.seed, 1, 1)[:, 0], side="right")

    def counters(self, ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The activity counters of each user; a NaN was not recorded."""
        g = self.groups(ids)
        noise = hashed_normal(ids, self.seed, 2, 14)
        volume = 0.45 * noise[:, 0]
        visits = _LOG_VISITS[g] + volume + 0.25 * noise[:, 1]
        clicks = visits + _LOG_CLICKS_A_VISIT[g] + 0.35 * noise[:, 3]
        logs = {
            "visits": visits,
            "watch_minutes": visits + _LOG_MINUTES_A_VISIT[g] + 0.4 * noise[:, 2],
            "clicks": clicks,
            "orders": clicks + _LOG_ORDERS_A_CLICK[g] + 0.5 * noise[:, 4],
        }
        counters = {}
        untracked = hashed_uniform(ids, self.seed, 3, 1)[:, 0] < 0.03
        for number, kind in enumerate(_KINDS):
            month = np.exp(logs[kind])
            week = month * _sigmoid(_LOGIT_WEEK[g] + 0.5 * noise[:, 5] + 0.25 * noise[:, 6 + number])
            day = week * _sigmoid(_LOGIT_DAY[g] + 0.7 * noise[:, 10 + number])
            for window, value in (("1d", day), ("7d", week), ("30d", month)):
                counters[f"{kind}_{window}"] = np.round(value) if kind != "watch_minutes" else np.round(value, 1)
                if kind == "watch_minutes":
                    counters[f"{kind}_{window}"][untracked] = np.nan
        more = hashed_normal(ids, self.seed, 4, 2)
        counters["days_since_registration"] = np.round(np.exp(_LOG_REGISTERED[g] + 0.7 * more[:, 0]))
        counters["days_since_last_visit"] = np.round(np.exp(_LOG_LAST_VISIT[g] + 0.6 * more[:, 1]), 1)
        return counters

    def impressions(self, block: int, rows: NDArray[np.int64], total: int) -> Impressions:
        """Draws the rows numbered `rows` of a log of `total` rows.

        Args:
            block: Number of this stretch of rows; equal blocks have equal draws.
            rows: Their numbers, which say when they happen.
            total: Rows of the whole log.
        """
        rng = np.random.default_rng((self.seed, 1, block))
        count = len(rows)
        ids = rng.integers(0, self.users, count)
        g = self.groups(ids)
        favorites = self._favorites(ids, g)
        history, length = self._history(ids, g, favorites)

        anchor = self._shown(rng, favorites)
        category = self._category[anchor]
        time = _BEGIN + rows * _SPAN // total
        hour = time // 3600 % 24
        position = rng.integers(1, 13, count)
        age = np.floor((time - _BEGIN) / 86_400 - self._started[anchor])
        city = (hashed_uniform(ids, self.seed, 7, 1)[:, 0] * len(_CITY_TIERS)).astype(np.int64)

        price = (self._price[anchor] - 3).astype(np.float32) / np.float32(1.5)
        log_age = np.log1p(age).astype(np.float32) - np.float32(4.3)
        evening = ((hour >= 19) & (hour <= 23)).astype(np.float32)
        recent = np.arange(HISTORY) >= HISTORY - length[:, None]
        seen = ((history == anchor[:, None]) & recent).any(axis=1)
        favorite = (category[:, None] == favorites) @ np.array([0.9, 0.6], np.float32)
        click = _sigmoid(
            _CLICK_BASE[g]
            + _CLICK_PRICE[g] * price
            + self._taste[g, category]
            + _CLICK_POSITION[g] * np.log(position).astype(np.float32)
            + _CLICK_AGE[g] * log_age
            + favorite
            + np.float32(0.8) * seen
            + self._quality[anchor]
            + _CLICK_EVENING[g] * evening
            + np.float32(0.15) * (1.5 - city).astype(np.float32) * price
        )
        conversion = _sigmoid(
            _BUY_BASE[g]
            + _BUY_PRICE[g] * price
            + self._buy_taste[g, category]
            + _BUY_AGE[g] * log_age
            + np.float32(0.6) * favorite
            + self._buy_quality[anchor]
        )
        drawn = rng.random((2, count), np.float32)
        clicked = drawn[0] < click
        table = pa.table(
            {
                "time": time,
                "click": clicked.astype(np.int8),
                "conversion": (clicked & (drawn[1] < conversion)).astype(np.int8),
                "user_group": pa.array(GROUPS).take(pa.array(g)),
                **self.counters(ids),
                "user_id": ids,
                **self._attributes(ids, g, city),
                **self._watched(history, recent, length),
                "anchor_id": self._anchor_names.take(pa.array(anchor)),
                "category": self._category_names.take(pa.array(category, mask=self._no_category[anchor])),
                "price_level": pa.array(self._price[anchor].astype(np.float32), mask=self._no_price[anchor]),
                "anchor_age_days": age.astype(np.float32),
                "hour": hour,
                "position": position.astype(np.float32),
            }
        )
        return Impressions(table, click, conversion)

    def _favorites(self, ids: NDArray[np.int64], g: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._liked(g[:, None], hashed_uniform(ids, self.seed, 5, 2))

    def _liked(self, g: NDArray[np.int64], uniform: NDArray[np.float32]) -> NDArray[np.int64]:
        """Categories by the group's taste: the inverse of its cumulative distribution, all groups in one search."""
        edges = (self._liking + np.arange(len(GROUPS))[:, None]).ravel()
        found = np.searchsorted(edges, g + uniform.astype(np.float64), side="right") - g * CATEGORIES
        return np.minimum(found, CATEGORIES - 1)

    def _anchors(self, category: NDArray[np.int64], uniform: NDArray[np.float32]) -> NDArray[np.int64]:
        """Anchors of a category; the first ones are the popular ones."""
        start = self._category_start[category]
        size = self._category_start[category + 1] - start
        return start + (uniform * uniform * size).astype(np.int64)

    def _history(
        self, ids: NDArray[np.int64], g: NDArray[np.int64], favorites: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        uniform = hashed_uniform(ids, self.seed, 6, 2 * HISTORY + 1)
        choice, which = uniform[:, :HISTORY], uniform[:, HISTORY:-1]
        category = np.where(
            choice < 0.5,
            favorites[:, :1],
            np.where(choice < 0.75, favorites[:, 1:], (choice * 1e6).astype(np.int64) % CATEGORIES),
        )
        length = np.minimum((_HISTORY_LENGTH[g] * (0.5 + uniform[:, -1])).astype(np.int64), HISTORY)
        return self._anchors(category, which), length

    def _shown(self, rng: np.random.Generator, favorites: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the feed shows: a favorite category more often than chance, any other otherwise."""
        count = len(favorites)
        chance = rng.random((2, count), np.float32)
        category = np.where(
            chance[0] < 0.2,
            favorites[:, 0],
            np.where(chance[0] < 0.3, favorites[:, 1], rng.integers(0, CATEGORIES, count)),
        )
        return self._anchors(category, chance[1])

    def _attributes(self, ids: NDArray[np.int64], g: NDArray[np.int64], city: NDArray[np.int64]) -> dict[str, pa.Array]:
        uniform = hashed_uniform(ids, self.seed, 8, 4)
        device = (uniform[:, 0] * len(_DEVICES)).astype(np.int64)
        # The channel says something about the group for half of the users.
        channel = np.where(uniform[:, 1] < 0.5, g, (uniform[:, 1] * 1e5).astype(np.int64) % len(_CHANNELS))
        return {
            "city_tier": pa.array(_CITY_TIERS).take(pa.array(city, mask=uniform[:, 2] < 0.05)),
            "device": pa.array(_DEVICES).take(pa.array(device, mask=uniform[:, 3] < 0.04)),
            "channel": pa.array(_CHANNELS).take(pa.array(channel)),
        }

    def _watched(
        self, history: NDArray[np.int64], recent: NDArray[np.bool_], length: NDArray[np.int64]
    ) -> dict[str, pa.Array]:
        anchors = history[recent]
        offsets = pa.array(np.concatenate([[0], np.cumsum(length)]), pa.int32())
        names = {
            "recent_anchors": self._anchor_names.take(pa.array(anchors)),
            "recent_categories": self._category_names.take(pa.array(self._category[anchors])),
        }
        return {name: pa.ListArray.from_arrays(offsets, values) for name, values in names.items()}


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.float32(1) / (np.float32(1) + np.exp(-x))
