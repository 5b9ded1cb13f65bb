# Two commands do everything: `make demo` and `make test`. Both install what they need into .venv first.
PYTHON ?= python3
PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
# What pip itself compiles file by file, with all tests, takes a minute; templates that are no Python are passed over.
COMPILE := .venv/bin/python -m compileall -qq -j 0 -x '/tests?/' .venv/lib || true
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test test-slow lint docs audit clean

demo: .venv/.demo ## install, build the demo corpus, run the whole pipeline on it
	dvc repro
	dvc metrics show
	tools/keep-run

test: .venv/.dev ## install, check style and types, run all tests but the slow ones
	$(MAKE) lint
	pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: .venv/.dev ## the tests that take a minute or more each
	pytest -m slow

lint: .venv/.dev
	ruff check .
	ruff format --check .
	mypy

docs: .venv/.docs ## build the documentation as a site, .bonafide/site, and check its links
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict
	@echo "open .bonafide/site/index.html; its search needs a server: python3 -m http.server -d .bonafide/site"

.venv/.demo: pyproject.toml constraints.txt
	tools/make-venv $(PYTHON)
	@echo "installing the pipeline: 0.7 GB to download, 2.7 GB on disk, TensorFlow first among it"
	$(PIP_INSTALL) -e ".[pipeline,demo]"
	$(COMPILE)
	touch $@

.venv/.dev: pyproject.toml constraints.txt
	tools/make-venv $(PYTHON)
	@echo "installing the pipeline and what its tests need: 3.1 GB on disk, TensorFlow first among it"
	$(PIP_INSTALL) -e ".[pipeline,demo,service,dev]"
	$(COMPILE)
	touch .venv/.demo $@

.venv/.docs: pyproject.toml constraints.txt
	tools/make-venv $(PYTHON)
	$(PIP_INSTALL) -e ".[docs]"
	touch $@

audit: .bonafide/audit/bin/pip-audit ## ask PyPI for known vulnerabilities of what is pinned; fails where it cannot tell
	.bonafide/audit/bin/pip-audit --strict --no-deps --disable-pip -r requirements-service.txt
	.bonafide/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

.bonafide/audit/bin/pip-audit: # apart: what it needs itself must not change what it looks at
	$(PYTHON) -m venv .bonafide/audit
	.bonafide/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit

clean: ## remove what was installed and computed, but not the recordings
	rm -rf .venv .bonafide data/demo data/clips data/augmented data/features data/*.parquet
