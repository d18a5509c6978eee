"""`python -m tfelc.commands train ...` is `tfelc train ...`, by the Python that is named."""

from tfelc.commands.main import main

main()
