"""What a gRPC client in another language needs: the messages and services, as far as predictions take them."""
