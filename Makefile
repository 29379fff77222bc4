PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: install demo run test lint bench accuracy kill-test fuzz-test lock clean

install: $(STAMP)

# TensorFlow 2.21, which the lock file names, is there for these versions.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; found = sys.version_info[:2]; (3, 11) <= found <= (3, 13) or \
	    sys.exit("needed is Python 3.11 to 3.13, this one is %d.%d; name another: make PYTHON=python3.13" % found)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: install  ## draw sample pages, read them, show the table and where the annotated pictures are
	$(BIN)/python tests/demo.py demo

run: install  ## the daemon in the foreground on ./demo, for trying it out
	$(BIN)/python tests/demo.py demo --run

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest --cov

bench: install  ## how fast and how small it is; beside others with RAPIDOCR=PYTHON TESSERACT=PYTHON, interpreters that run them
	$(BIN)/python tests/benchmarks/speed.py $(if $(RAPIDOCR),--rapidocr "$(RAPIDOCR)") \
	    $(if $(TESSERACT),--tesseract "$(TESSERACT)") --json tests/benchmarks/speed-$(VERSION).json
	$(BIN)/python tests/benchmarks/cluster_speed.py --json tests/benchmarks/cluster-$(VERSION).json

accuracy: install  ## how well drawn pages are read, and what the tutorial's networks reach: make accuracy MNIST=FOLDER
	@test -n "$(MNIST)" || { echo "this needs the folder with MNIST's IDX files: make accuracy MNIST=FOLDER" >&2; exit 2; }
	$(BIN)/python tests/benchmarks/pages.py --data "$(MNIST)" --json tests/benchmarks/pages.json
	$(BIN)/python tests/benchmarks/architectures.py bench --data "$(MNIST)"

kill-test: install  ## a thousand pages through Samba while the daemon is killed fifty times; needs root and samba
	$(BIN)/python tests/benchmarks/kill.py

fuzz-test: install  ## twenty thousand damaged files of every format, read by a real daemon; a quarter of an hour
	$(BIN)/python tests/benchmarks/fuzz.py

lock:  ## names, versions and hashes of everything pyproject.toml asks for
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url pyproject.toml --extra cluster --group dev --output-file requirements.lock

clean:
	rm -rf .venv build *.egg-info demo .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
