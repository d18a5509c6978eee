"""Both protocols over the same models, from the first version loaded to the last answer given."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import uvicorn
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.access_log import AccessLog
from tfelc.serving.local_server.admission import Admission
from tfelc.serving.local_server.admission_interceptor import AdmissionInterceptor
from tfelc.serving.local_server.batcher import BatchingOptions
from tfelc.serving.local_server.body_budget import BodyBudget
from tfelc.serving.local_server.config_watcher import ConfigWatcher
from tfelc.serving.local_server.front import Front
from tfelc.serving.local_server.grpc_services import ModelService, PredictionService
from tfelc.serving.local_server.guarded_protocol import GuardedProtocol
from tfelc.serving.local_server.host_names import HostNames
from tfelc.serving.local_server.last_look import HealthService
from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.page.page import Page
from tfelc.serving.local_server.request_logging.request_log import RequestLog, RequestLogOptions
from tfelc.serving.local_server.rest import RestApi
from tfelc.serving.local_server.serving_error import ServingError


@dataclass(frozen=True)
class ServerOptions:
    """How the server listens and what it allows.

    Attributes:
        host: Address of both ports. Defaults to the loopback.
        rest_port: Port of REST; 0 for any free one.
        grpc_port: Port of gRPC; 0 for any free one.
        workers: Requests at work at once. Defaults to 4 a core, and to 64 when batching.
        queue: Requests that may wait.
        timeout: Seconds that a request may take.
        max_body: Bytes of a request at most.
        max_bodies: Bytes of all REST bodies in memory at a time, those still arriving included.
        max_connections: REST connections at a time.
        allowed_hosts: Names, beside addresses and `localhost`, that a request may call the server by.
        access_log: Share of the requests that the access log shows; 0 for none.
        request_log: Where and how many requests are logged with their answers.
        drain: Seconds that requests under way get after SIGTERM.
        poll: Seconds between two looks at the folders.
        threads: Threads of each of a session's pools; 0 for one a core.
        batching: How requests are joined into batches; None for not at all.
        labels_may_wait: Whether a label may name a version that does not answer yet.
        metrics_path: Where Prometheus reads.
        config_file: A models.config file that is looked at again.
        config_poll: Seconds between two looks at it; 0 for never.
    """

    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 8500
    workers: int | None = None
    queue: int = 256
    timeout: float = 30.0
    max_body: int = 64 * 2**20
    max_bodies: int = 256 * 2**20
    max_connections: int = 1000
    allowed_hosts: Sequence[str] = ()
    access_log: float = 0.0
    request_log: RequestLogOptions = field(default_factory=RequestLogOptions)
    drain: float = 10.0
    poll: float = 1.0
    threads: int = 0
    batching: BatchingOptions | None = None
    labels_may_wait: bool = False
    metrics_path: str = "/monitoring/prometheus/metrics"
    config_file: Path | None = None
    config_poll: float = 0.0


class Server:
    """Serves models until SIGTERM or SIGINT.

    Args:
        options: How to listen and what to allow.
        models: What to serve.
    """

    def __init__(self, options: ServerOptions, models: Sequence[ModelConfig]) -> None:
        self._options = options
        self._configs = models
        workers = options.workers or (4 * (os.cpu_count() or 1) if options.batching is None else 64)
        self._admission = Admission(workers, options.queue)
        self._manager = ModelManager(
            options.poll, options.threads, options.timeout, options.batching, options.labels_may_wait
        )
        self._budget = BodyBudget(options.max_bodies)
        self._requests = RequestLog(options.request_log, self._manager)
        self._metrics = Metrics(self._manager, self._admission, self._budget, self._requests)
        self._log = AccessLog(options.access_log)
        self._health = HealthService(self._manager)
        self._draining = False
        self._following = threading.Lock()
        self._ready = ""

    def run(self) -> None:
        """Loads, listens, announces the addresses on standard output once something answers, and returns once drained.

        Requests that did not end within the time to drain are still at work then, and the models are still loaded: the
        caller ends the process.

        Raises:
            ConfigError: A label names a version that does not answer, or a port is taken.
        """
        self._requests.check(self._configs)
        # A round of the garbage collector over all that is imported, some 400,000 objects, would hold every request up
        # for half a second. A model adds a thousand, which stay with it: a version that is unloaded leaves nothing.
        gc.freeze()
        listener = self._listener()
        self._requests.start()
        try:
            self._manager.start(self._configs)
            if self._options.config_file is not None and self._options.config_poll:
                ConfigWatcher(self._options.config_file, self._options.config_poll, self._manager).start()
            # uvloop takes a quarter of a millisecond less for each REST request than asyncio's own loop.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve(listener))
        except (ServingError, ConfigError) as error:
            self._manager.close()
            raise _with_fix(str(error)) from None
        finally:
            self._requests.close()

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        grpc_server, grpc_port = self._grpc()
        grpc_server.start()
        rest = self._rest()
        serving = asyncio.create_task(rest.serve([listener]))
        while not rest.started:
            await asyncio.sleep(0.01)
        host = self._options.host
        self._ready = f"ready: REST http://{host}:{listener.getsockname()[1]} gRPC {host}:{grpc_port}"
        self._manager.on_change = self._follow
        self._follow()

        await ended.wait()
        self._draining = True
        self._manager.on_change = lambda: None
        self._health.enter_graceful_shutdown()
        rest.should_exit = True
        grpc_ended = grpc_server.stop(self._options.drain)
        await asyncio.gather(serving, asyncio.to_thread(grpc_ended.wait))

    def _listener(self) -> socket.socket:
        """The REST port, bound before anything is loaded; until it listens, connections to it are refused."""
        options = self._options
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        # With the protocol named, asyncio turns Nagle's algorithm off, which would hold each answer back by 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((options.host, options.rest_port))
        except OSError as error:
            where = f"port {options.rest_port} of {options.host}"
            raise ConfigError(f"{where} cannot be opened for REST: {error.strerror}") from None
        return listener

    def _rest(self) -> Any:
        options = self._options
        limits = (options.timeout, options.max_body, self._budget)
        api = RestApi(self._manager, self._admission, self._metrics, *limits, self._requests)
        page = Page(self._manager, self._metrics)
        config = uvicorn.Config(
            Front(api.app(options.metrics_path, page.routes()), HostNames(options.allowed_hosts), self._log),
            # A protocol is made for each connection, of uvicorn's settings and this one.
            http=partial(GuardedProtocol, max_connections=options.max_connections),  # type: ignore[arg-type]
            interface="asgi3",
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # nothing here looks at a client's address
            timeout_keep_alive=60,
            timeout_graceful_shutdown=max(int(options.drain), 1),
        )
        return _QuietServer(config)

    def _grpc(self) -> tuple[Any, int]:
        options = self._options
        limit = [("grpc.max_receive_message_length", options.max_body), ("grpc.max_send_message_length", -1)]
        interceptors: list[grpc.ServerInterceptor] = [AdmissionInterceptor(self._admission)]
        server = grpc.server(self._admission, interceptors=interceptors, options=[*limit, ("grpc.so_reuseport", 0)])
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(self._manager, self._metrics, self._log, options.max_body, self._requests), server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(self._manager), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        try:
            return server, server.add_insecure_port(f"{options.host}:{options.grpc_port}")
        except RuntimeError:
            raise ConfigError(f"port {options.grpc_port} of {options.host} cannot be opened for gRPC") from None

    def _follow(self) -> None:
        """Tells of what has changed since the last look; at the start two threads may do so at once."""
        with self._following:
            if not self._draining:
                self._tell()

    def _tell(self) -> None:
        self._tell_health()
        if self._ready and any(model.answers for model in self._manager.models.values()):
            print(self._ready, flush=True)
            self._ready = ""

    def _tell_health(self) -> None:
        states = {name: model.answers for name, model in self._manager.models.items()}
        states[""] = bool(states) and all(states.values())
        for name, up in states.items():
            status = health_pb2.HealthCheckResponse.SERVING if up else health_pb2.HealthCheckResponse.NOT_SERVING
            self._health.set(name, status)


def _with_fix(problem: str) -> ConfigError:
    if not problem.startswith("Request to assign label"):
        return ConfigError(problem)
    fix = "labels are looked at before anything is loaded, so the first ones need `labels_may_wait`"
    return ConfigError(f"{problem}: {fix}", ["labels_may_wait"])


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        """Leaves signals to the caller, who has two servers to end."""
        yield
