# Two commands do everything: `make demo` and `make test`. Each makes its own virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STUDY := validations --editor opencv-telea --editor rerender
LOCK := .editproof/demo-protocol.json

.PHONY: demo example test lint clean

demo: $(LOCK)  ## judge two tools on 200 embedded phantoms and leave a report to open
	@$(BIN)/python -m pytest $(STUDY) --lock $(LOCK) -q --no-header --tb=no -rN; \
	code=$$?; test $$code -le 1  # 1: a tool does not conform, which is what the demo is there to show

$(LOCK): $(READY)  ## the protocol, locked before the first edit
	@mkdir -p $(@D)
	@$(BIN)/editproof lock $@ $(STUDY) --no-header >/dev/null

example: demo  ## the demo's report as the one that the README links to, and its picture
	@mkdir -p docs/example
	cp "$$(ls -td reports/*/ | head -n 1)report.html" docs/example/report.html
	$(BIN)/python -m tests.report.picture docs/example/report.html docs/report.png

test: $(READY) lint  ## pass the tests
	$(BIN)/python -m pytest tests harness --doctest-modules -n auto -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .editproof
