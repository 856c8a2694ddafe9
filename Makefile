# couchcal: `make demo` shows it, `make test` proves it, `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
PEERS  := .venv-peers

.DEFAULT_GOAL := help
.PHONY: help bench-peers bench-growth demo test test-programs test-outside test-postgresql test-long check crosscheck faults fuzz format bench screenshots tour gallery man reference docs docs-check dist dist-check sbom audit clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q src
	@touch $(RUN) $@

demo: $(RUN) ## open a throw-away practice with invented clients
	@$(BIN)/couchcal demo

test: $(DEV) ## run the tests, in minutes
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not long" tests $(addprefix --ignore=,$(PROGRAM_TESTS)) $(TESTFLAGS)

PROGRAM_TESTS := tests/faults tests/leaks tests/fuzz tests/sync/http tests/store/postgresql tests/sync/test_crash.py tests/test_docs_commands.py \
  $(addprefix tests/store/test_,backup.py key_changes.py killed_upgrade.py recrypt.py) \
  $(addprefix tests/cli/test_,at_once.py process.py serve.py server.py terminal.py worker.py) \
  $(addprefix tests/tui/test_,background.py terminal.py two_at_once.py) tests/tui/looks/test_terminals.py \
  $(addprefix tests/web/test_,browser.py portal_browser.py) tests/practice/test_door_race.py tests/worker/test_thread.py

test-programs: $(DEV) ## whole programs, minutes more: on terminals, in browsers, on servers, killed, fed with anything
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not long" $(PROGRAM_TESTS) $(TESTFLAGS)

SERVER_TESTS := $(addprefix tests/store/,test_session.py test_audit.py test_walls.py) \
  tests/practice tests/mail tests/archive tests/worker tests/web tests/sync \
  --ignore=tests/sync/http --ignore=tests/sync/acceptance --ignore=tests/sync/google \
  --ignore=tests/web/test_browser.py --ignore=tests/web/test_portal_browser.py \
  $(addprefix --ignore=tests/sync/test_,bars.py broken_clients.py machine.py regressions.py)

test-postgresql: $(DEV) ## the tests of the practice once more, on a PostgreSQL of their own
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not long" --database=postgresql $(SERVER_TESTS) $(TESTFLAGS)

OUTSIDE_TESTS := tests/scheduling/test_recurrence_cases.py \
  $(addprefix tests/ics/test_,corpus.py interop_lint.py roundtrip.py series_cases.py)

test-outside: $(DEV) ## what needs outside data; TESTFLAGS="--ics-corpus=DIR --recurrence-cases=DIR --ics-lint=FILE"
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not long" $(OUTSIDE_TESTS) $(TESTFLAGS)

test-long: $(DEV) ## run every test and every case, to be killed at every moment: most of an hour
	COUCHCAL_SYNC_ALL=1 COUCHCAL_KILL_ALL=1 $(BIN)/python -m pytest -n auto --dist loadgroup tests $(TESTFLAGS)

check: $(DEV) ## lint, types, layers, import hygiene
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_import_hygiene.py tests/test_hygiene.py

CROSS     := .venv-crosscheck
CROSS_REQ := tests/google/crosscheck/requirements.txt

$(CROSS)/.installed: $(CROSS_REQ)
	$(PYTHON) -m venv $(CROSS)
	$(CROSS)/bin/python -m pip install --quiet --disable-pip-version-check -r $(CROSS_REQ)
	@touch $@

crosscheck: $(DEV) $(CROSS)/.installed ## the calendar emulator against programs of others
	$(CROSS)/bin/python -m tests.google.crosscheck $(BIN)/python

faults: $(DEV) ## kill, cut the power, fill the disk; FAULTFLAGS="--kills 520" as recorded
	$(BIN)/python -m tests.faults $(FAULTFLAGS)

FUZZ     := .venv-fuzz
FUZZ_REQ := scripts/requirements-fuzz.txt

$(FUZZ)/.installed: $(FUZZ_REQ)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(FUZZ) -r $< \
	    || { mkdir -p $(FUZZ); echo "no atheris for this Python: inputs are chosen by what they come to"; }
	@touch $@

fuzz: $(DEV) $(FUZZ)/.installed ## hostile input everywhere; FUZZFLAGS="--minutes 120 --target ics"
	PYTHONPATH=$(FUZZ) nice $(BIN)/python -m tests.fuzz $(FUZZFLAGS)

format: $(DEV) ## let ruff tidy the sources
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(DEV) $(PEERS)/.installed ## measure everything against floors and peers in one run; half an hour
	$(BIN)/python -m bench $(BENCHFLAGS)

$(PEERS)/.installed: bench/requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench-peers: $(DEV) $(PEERS)/.installed ## of it, other terminal calendars at the same work
	$(BIN)/python -m bench.peers $(BENCHFLAGS)

bench-growth: $(DEV) $(PEERS)/.installed ## from a thousand to a million entries, and the plot in docs/
	$(BIN)/python -m bench.growth $(BENCHFLAGS)

PICTURES := .venv-pictures
GALLERY  := build/gallery

$(PICTURES)/.installed: scripts/requirements-pictures.txt
	$(PYTHON) -m venv $(PICTURES)
	$(PICTURES)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

tour: $(DEV) $(PICTURES)/.installed ## docs/tour.cast and screenshots/tour.gif, by the program itself
	$(BIN)/python -m scripts.tour docs/tour.cast build/tour.json
	$(PICTURES)/bin/python -m scripts.drawing build/tour.json screenshots/tour.gif

gallery: $(DEV) $(PICTURES)/.installed ## every screen in every size and theme, as sheets to look at: build/gallery
	for mode in usual ascii names record; do \
	  COUCHCAL_GALLERY=$(GALLERY) COUCHCAL_GALLERY_MODE=$$mode $(BIN)/python -m pytest -q -p no:textual-snapshot \
	    -p tests.tui.looks.gallery $$(find tests/tui -name 'test_snapshots*.py') || exit 1; \
	done
	$(PICTURES)/bin/python -m scripts.drawing $(GALLERY)

screenshots: $(DEV) ## render screenshots/ from the demo practice
	$(BIN)/python screenshots/make.py

man: $(DEV) ## write the manual page from the commands
	$(BIN)/python -m scripts.manpage

reference: $(DEV) ## write docs/reference from the program
	$(BIN)/python -m scripts.reference

DOCS := .venv-docs

$(DOCS)/.installed: scripts/requirements-docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

docs: $(DOCS)/.installed ## build the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/python -m mkdocs build --quiet --strict

docs-check: $(DEV) docs ## reference pages, command lines and links, in the sources and on the site
	$(BIN)/python -m scripts.reference --check
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_docs_commands.py
	$(BIN)/python -m scripts.site_check

DIST  := .venv-dist
AUDIT := .venv-audit

$(DIST)/.installed: scripts/requirements-dist.txt
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(AUDIT)/.installed: scripts/requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

dist: $(DIST)/.installed ## wheel and sdist, built twice and compared
	$(DIST)/bin/python -m scripts.dist

dist-check: dist ## install both into fresh environments and use them
	$(DIST)/bin/python -m scripts.dist_check

sbom: dist ## the parts list of the wheel, as CycloneDX
	$(DIST)/bin/python -m scripts.dist_check sbom

audit: $(AUDIT)/.installed ## known vulnerabilities of what is in constraints.txt
	$(AUDIT)/bin/python -m scripts.audit

clean: ## remove what the targets made
	rm -rf $(VENV) $(PICTURES) $(FUZZ) $(CROSS) $(DOCS) $(DIST) $(AUDIT) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
