"""What a way costs its process."""

import resource
import time
from typing import Self

# Of a training that is measured: they trace the graph and fill the buffers.
STEPS_LEFT_OUT = 20


class Meter:
    """Wall and CPU seconds from `start` to `stop`, or within a `with`, and the process's peak memory until then."""

    seconds = cpu_seconds = peak_mb = 0.0

    def start(self) -> None:
        """Starts, or starts anew."""
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def start_late(self, step: int, logs: object = None) -> None:
        """Starts at the end of the last of the steps that are left out; what Keras calls after each step."""
        if step + 1 == STEPS_LEFT_OUT:
            self.start()

    def stop(self) -> None:
        """Sets the figures."""
        self.seconds, self.cpu_seconds = time.perf_counter() - self._began, time.process_time() - self._cpu_began
        self.peak_mb = peak_mb()

    def rates(self, rows: int) -> dict[str, float]:
        """The figures of a way that went over so many rows."""
        return {
            "rows_per_second": rows / self.seconds,
            "rows_per_cpu_second": rows / self.cpu_seconds,
            "peak_mb": self.peak_mb,
        }

    def __enter__(self) -> Self:
        """Starts."""
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stops."""
        self.stop()


def peak_mb() -> float:
    """The most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
