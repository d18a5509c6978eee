"""Calls that are awaited, of both protocols."""

import asyncio
import inspect
import time

import numpy as np
import pytest

from tests.serving.client.test_clients import ROWS, SLOW, made
from tfelc.serving.client.async_client import AsyncClient
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.client import Client


@pytest.fixture(params=["REST", "gRPC"])
def protocol(request):
    return request.param


def test_many_at_once_each_get_their_own_answer(protocol, target):
    async def ask():
        async with AsyncClient(made(protocol, target)) as client:
            rows = [{**ROWS, "visits": [number, number]} for number in range(40)]
            return await asyncio.gather(*map(client.predict, rows), client.status())

    *answers, status = asyncio.run(ask())
    assert [answer["visits_seen"].tolist() for answer in answers] == [[number] * 2 for number in range(40)]
    assert status[1] == "AVAILABLE"
    with made(protocol, target) as client:
        for name, array in client.predict({**ROWS, "visits": [7, 7]}).items():
            np.testing.assert_array_equal(answers[7][name], array)


def test_errors_are_those_of_the_client_and_the_loop_goes_on_meanwhile(protocol, target):
    async def ask():
        async with AsyncClient(made(protocol, target)) as client:
            turns = 0
            late = asyncio.create_task(client.predict(SLOW, "slow", timeout=0.5))
            while not late.done():
                turns += 1
                await asyncio.sleep(0.01)
            with pytest.raises(CallError) as found:
                await late
            assert found.value.code == "DEADLINE_EXCEEDED" and turns > 5
            with pytest.raises(TypeError, match="`visits` takes int64"):
                await client.predict({**ROWS, "visits": ["two", "three"]})

    asyncio.run(ask())


def test_the_wait_for_others_is_part_of_a_calls_time(protocol, target):
    async def ask():
        async with AsyncClient(made(protocol, target, timeout=0.6), calls_at_once=1) as client:
            began = time.monotonic()
            found = await asyncio.gather(*(client.predict(SLOW, "slow") for _ in range(4)), return_exceptions=True)
            assert time.monotonic() - began < 1.2
            return found

    assert [error.code for error in asyncio.run(ask())] == ["DEADLINE_EXCEEDED"] * 4


@pytest.mark.parametrize("name", ["predict", "rank", "recommend", "status"])
def test_it_takes_what_the_client_takes(name):
    mine, theirs = getattr(AsyncClient, name), getattr(Client, name)
    assert inspect.signature(mine) == inspect.signature(theirs) and mine.__doc__ == theirs.__doc__
    assert inspect.iscoroutinefunction(mine)
