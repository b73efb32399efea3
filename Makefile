# make course   open the course in JupyterLab           make check  ruff, mypy, tests without a lab
# make html     the course and all about it, a site    make test   run every test
# make slides   the demos as slides
#
# All make .venv first, from nothing but Python and make. Name another Python with
# make PYTHON=python3.12 course, another port with make PORT=9999 course.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done || echo python3)
PORT ?=
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
RUN := $(BIN)/python -m
COMPILE := $(RUN) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE) pyproject.toml

.PHONY: course html slides recordings setup check test together alone attack lint lint-page sites versions \
	format labs bench dist release lock clean
.DELETE_ON_ERROR:

course: .venv/ready
	$(BIN)/caddylab open $(if $(PORT),--port $(PORT))

# What has run before and would run the same is not run again: make html ANEW=--anew
html: .venv/ready-dev
	$(BIN)/python tools/make_html.py $(ANEW)

slides: .venv/ready-dev
	$(BIN)/python tools/make_slides.py $(ANEW)

# The runs that the demos fall back on, made anew
recordings: .venv/ready-dev
	$(BIN)/python tools/make_recordings.py

setup: .venv/ready-dev

# JupyterLab reads a copy of these
SLIDES := $(wildcard src/caddylab/_slides/*.json src/caddylab/_slides/static/*)

# A stamp is as old as the installation: touched last, so that a broken one is done again.
.venv/ready: requirements.lock pyproject.toml hatch_build.py tools/install.py $(SLIDES)
	$(PYTHON) tools/install.py
	touch $@

.venv/ready-dev: requirements-dev.lock requirements.lock pyproject.toml hatch_build.py tools/install.py $(SLIDES)
	$(PYTHON) tools/install.py --dev
	touch .venv/ready $@

# For every save: what starts no lab
check: .venv/ready-dev
	$(RUN) ruff check --quiet
	$(RUN) ruff format --check --quiet
	$(RUN) mypy
	$(RUN) pytest --quiet --numprocesses 2 --dist loadfile -m "not lab and not long and not load and not attack"

# All of them; or some: make test TESTS="tests/test_cli.py -k doctor"
ifdef TESTS
test: lint
	$(RUN) pytest $(TESTS)
else
test: lint together alone
endif

# More processes than processors: most tests wait for something most of the time. A file stays in
# one of them, for its labs' sake, and the longest files begin (tests/conftest.py sorts them).
PROCESSES ?= 2
together: .venv/ready-dev
	$(RUN) pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder --durations 25 \
		-m "not load and not attack and not hub and not alone"

# A class fills the machine, and some tests are about how long something takes
alone: .venv/ready-dev
	$(RUN) pytest --durations 25 -m "(hub or alone) and not load and not attack"

# The long attacks, of which `make test` runs short forms; their figures stand in benchmarks/README.md
attack: .venv/ready-dev
	$(RUN) pytest -m attack --timeout 1800 $(TESTS)

lint: .venv/ready-dev
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy

format: .venv/ready-dev
	$(RUN) ruff check --fix
	$(RUN) ruff format

# docs/lint.md, from the rules and the runs that prove them (tools/lint_runs.py)
lint-page: .venv/ready-dev
	$(BIN)/python tools/make_lint_page.py

# docs/versions.md and docs/findings.md: each version of Caddy that the package index has is measured
# (an hour; what is known already is left alone). make versions ONLY=--pages only writes the pages.
versions: .venv/ready-dev
	$(BIN)/python tools/make_versions.py $(ONLY)

# docs/sites.md and the first screen of the README, from trials of tests/sites
sites: .venv/ready-dev
	$(BIN)/python tools/make_sites.py

# From the solutions, by nbgrader
labs: .venv/ready-dev
	$(BIN)/python tools/make_labs.py

bench: .venv/ready-dev
	$(RUN) benchmarks --keep $(ONLY)

# The wheel and the source distribution
dist: .venv/ready-dev
	rm -f dist/caddylab-*
	$(RUN) hatchling build

# The release of a tag, with what was built: make release TAG=v0.2.0 FILES=FOLDER
release:
	cd $(FILES) && for each in *; do python3 -m zipfile -c "$$each.zip" "$$each"; done
	gh release create "$(TAG)" $(FILES)/*.zip --title "$(TAG)" --notes-file CHANGELOG.md

# New versions: make lock UPGRADE=--upgrade
lock: .venv/ready-dev
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra hub --constraint requirements.lock --output-file requirements-hub.lock
	$(COMPILE) --extra dev --extra bench --extra html --extra hub \
		--constraint requirements-hub.lock --output-file requirements-dev.lock

clean:
	if [ -x $(BIN)/caddylab ]; then $(BIN)/caddylab clean || true; fi
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
