# `make run` starts the clinic, `make test` tests it. Everything else is listed by `make help`.
# PYTHON=/path/to/python3.11 chooses another Python than the first new enough one on the PATH.

VENV := PYTHON="$(PYTHON)" sh clinic/runtime/venv.sh
BIN := .venv/bin
SOURCES := manage.py clinic patients scheduling tests

.PHONY: help run test test-long test-redis lint format bench lock screenshots venv venv-dev

help:
	@echo 'make run          set everything up and start the clinic (Ctrl-C stops it)'
	@echo 'make test         run all tests against a throw-away database'
	@echo 'make test-long    search longer, in new ways, for a story or a case that breaks a promise'
	@echo 'make test-redis   run the tests of the message path against a real redis-server'
	@echo 'make lint         style, types, migrations and production settings'
	@echo 'make format       bring the code into shape'
	@echo 'make bench        measure the promises about speed'
	@echo 'make screenshots  take the pictures of a running demo clinic anew'
	@echo 'make lock         compile requirements*.txt from requirements*.in'

# `exec`, so that a signal meant for make's child reaches the clinic and not a shell in between.
run: venv
	@exec $(BIN)/python -m clinic.runtime.run

# Two at a time; files stay together, since what a file shares is made once.
test: venv-dev
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The property tests and the state machine alone, so many times as far as in `make test`. Half an hour or so.
test-long: venv-dev
	@CLINIC_SEARCH="$${CLINIC_SEARCH:-25}" exec $(BIN)/python -m pytest -n 2 tests/machine tests/planner tests/scheduling/test_labels.py $(ARGS)

test-redis: venv-dev
	@exec $(BIN)/python -m pytest -m redis $(ARGS)

lint: venv-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	@# Without a database the one thing that makemigrations cannot ask is which ones were applied; it warns of that.
	$(BIN)/python -W "ignore:Got an error checking" manage.py makemigrations --check --dry-run
	@sh clinic/runtime/check_deploy.sh $(BIN)/python
	@# Everything that it finds is either mended or marked in its line with the reason.
	$(BIN)/bandit -q -c pyproject.toml -r manage.py clinic patients scheduling -x "*/migrations/*" --severity-level medium

format: venv-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: venv-dev
	@exec $(BIN)/python manage.py bench $(ARGS)

screenshots: venv-dev
	@exec $(BIN)/python -m tests.screenshots

lock: venv-dev
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.txt requirements.in
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements-dev.txt requirements-dev.in

venv:
	@$(VENV) requirements.txt

venv-dev:
	@$(VENV) requirements.txt requirements-dev.txt
