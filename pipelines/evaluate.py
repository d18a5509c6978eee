"""`tfelc evaluate` as a script."""

from tfelc.commands.main import main

if __name__ == "__main__":
    main("evaluate")
