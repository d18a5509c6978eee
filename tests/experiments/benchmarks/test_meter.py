import time

import numpy as np

from tfelc.experiments.benchmarks.harness import STEPS_LEFT_OUT, Meter, peak_mb


def test_waiting_costs_time_and_no_cpu_time():
    with Meter() as meter:
        time.sleep(0.2)
    assert 0.2 <= meter.seconds < 2 and meter.cpu_seconds < 0.15


def test_rates_are_of_the_time_between_start_and_stop():
    meter = Meter()
    meter.seconds, meter.cpu_seconds, meter.peak_mb = 2.0, 4.0, 300.0
    assert meter.rates(100) == {"rows_per_second": 50.0, "rows_per_cpu_second": 25.0, "peak_mb": 300.0}


def test_memory_is_the_most_that_was_held():
    with Meter() as meter:
        np.ones(20 * 2**20, np.uint8)
    assert meter.peak_mb == peak_mb() > 20


def test_the_first_steps_are_left_out():
    meter = Meter()
    with meter:
        meter.start_late(STEPS_LEFT_OUT - 2)
        time.sleep(0.2)
        meter.start_late(STEPS_LEFT_OUT - 1)
        meter.start_late(STEPS_LEFT_OUT)
    assert meter.seconds < 0.2
