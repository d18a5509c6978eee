# `make train` and `make test` work on a fresh machine with Python 3.11 or newer; what they stand for is in README.md.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
RUN := runs/ctr-$(shell date +%Y%m%d-%H%M%S)

.PHONY: train test lint

train: $(INSTALLED)
	$(BIN)/python pipelines/train.py --task ctr --run $(RUN)
	$(BIN)/python pipelines/export.py --run $(RUN) --to exports/ctr

# Two workers, since many tests wait for processes that they start; each takes one file after another.
test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The stamp is written last: an installation that was cut off is taken up again.
$(INSTALLED): setup.py pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv; on a fresh machine this takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,serving]'
	@touch $@

# Runs the suite of the serving contract against a server of the conformance model; docs/serving.md says how to start one.
.PHONY: conformance
conformance: $(INSTALLED)
	CONFORMANCE_REST=$(REST) CONFORMANCE_GRPC=$(GRPC) $(BIN)/python -m pytest tests/serving/conformance
