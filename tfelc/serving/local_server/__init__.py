"""A local server that keeps TensorFlow Serving's REST and gRPC contract: `tfelc serve`."""
