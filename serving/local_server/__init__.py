"""A local server that keeps TensorFlow Serving's REST and gRPC contract: `python -m serving.local_server`."""
