"""`tfelc serve` as `python -m serving.local_server`."""

from tfelc.commands.main import main

if __name__ == "__main__":
    main("serve")
