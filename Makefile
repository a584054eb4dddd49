# What you can do here. `make` alone lists it.
# The system's own Python if it will do, else the first on the path: one built by pyenv is a tenth slower, unless told otherwise.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
# Only if it is named here or in the environment: otherwise PORT of .env holds.
ifdef PORT
export PORT
endif

help: ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: .venv/ready ## try the course on http://127.0.0.1:8000 (PORT=, DEMO_PASSWORD=)
	@FLASK_SKIP_DOTENV=1 DATABASE_URL=sqlite:///instance/demo.db PUBLIC_URL= MAIL_URL=console: $(BIN)/flask demo serve

demo-reset: ## forget what was done in the demonstration
	@rm -f instance/demo.db instance/demo.db-wal instance/demo.db-shm instance/demo-password
	@echo "The demonstration starts afresh with the next 'make demo'."

run: .venv/ready ## the real thing: settings from the environment and .env, see .env.example
	@$(BIN)/flask serve

test: .venv/tested ## ruff, mypy, import contracts, and every test
	@$(BIN)/python -m tests.support.all

quick: .venv/tested ## in under a minute: ruff, import contracts, mypy, tests of rules and content
	@$(BIN)/python -m tests.support.all --quick

check: .venv/tested ## the same without the browser
	@$(BIN)/python -m tests.support.all --without-browser

content: .venv/ready ## check everything under modules/
	@$(BIN)/flask content check

content-report: .venv/ready ## how the questions, the stories and the prose measure up
	@$(BIN)/flask content report

bench: .venv/tested ## measure speed against baselines in the same run
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.units
	@$(BIN)/python -m tests.bench.reports
	@$(BIN)/python -m tests.bench.insight
	@$(BIN)/python -m tests.bench.morning
	@$(BIN)/python -m tests.bench.room
	@$(BIN)/python -m tests.bench.imports
	@$(BIN)/python -m tests.bench.memory

bench-scale: .venv/tested ## the report and its upkeep with 10,000, 100,000 and a million people (people="…" for others)
	@$(BIN)/python -m tests.bench.scale --plot growth.svg $(people)

fuzz: .venv/tested ## send ten thousand random requests to every route (NUMBER=)
	@$(BIN)/python -m tests.fuzz $(NUMBER)

simulate: .venv/tested ## what refreshers leave behind in people who forget by another model
	@$(BIN)/python -m tests.simulate

faults: .venv/tested ## kill the server 200 times on each engine while people work, and let its disk fail; needs root for the last
	@$(BIN)/python -m tests.faults.kill
	@$(BIN)/python -m pytest -q tests/faults/read_only.py

audit: .venv/tested .venv-audit/ready ## advisories about what is pinned, and what is shipped as a list (sbom.cdx.json)
	@$(BIN)/python -m tests.support.audit

screenshots: .venv/tested ## every page, 1280 and 390 px, light and dark, into screenshots/
	@$(BIN)/python -m tests.journeys.screenshots

messages: .venv/tested ## bring the catalogues of translations up to date (new=cy begins that of a language)
	@$(BIN)/python -m tests.support.messages $(new)

migration: .venv/ready ## write the next migration: make migration m="add a table"
	@$(BIN)/alembic upgrade head && $(BIN)/alembic revision --autogenerate -m "$(m)"

requirements: ## pin what pyproject.toml names into the requirements files (UPGRADE=--upgrade takes the newest versions)
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE) -q pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE) -q pyproject.toml --group test -o tests/requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE) -q --group audit -o deploy/audit-requirements.txt
	for folder in tests/lti/open_edx tests/xapi/ralph; do $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE) -q $$folder/requirements.in -o $$folder/requirements.txt; done
	echo python3-saml | $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q -c tests/requirements.txt - -o deploy/requirements-saml.txt

.venv-audit/ready: deploy/audit-requirements.txt
	@echo "Installing what the audit needs (once) …"
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r deploy/audit-requirements.txt
	@touch $@

.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; PYTHON= names another.") if sys.version_info < (3, 11) else None'
	@echo "Installing what the course needs (once) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.txt
	@mkdir -p instance && touch $@

.venv/tested: .venv/ready tests/requirements.txt
	@echo "Installing what the tests need (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r tests/requirements.txt
	@touch $@

.PHONY: help audit demo demo-reset run test quick check content content-report bench faults fuzz simulate screenshots messages migration requirements
