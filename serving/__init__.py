"""TensorFlow Serving's files, and entry scripts of the local server and of ready requests."""
