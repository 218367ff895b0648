# radistill: set up, test, show. Needs git, make and Python 3.11 or newer, nothing else.
#
#   make demo      the whole study on generated phantoms, in .venv, from nothing
#   make test      set-up, then lint and the fast tests
#   make test-all  the slow tests and those on real data too
#   make lint      ruff, mypy, and for the page eslint and tsc
#   make student   train the student that ships, from DATA=folder of X-rays, into runs/student
#   make tiny      the same for the smallest student, into runs/tiny
#   make adapt     adapt that student to DATA=folder of your X-rays, LABELS=their table
#   make results   recompute the ablation's tables from the committed predictions
#   make schemas   write the JSON schemas of results to docs/schemas
#   make docs      write the documentation site to build/docs
#   make pictures  take the pictures of the documentation again, in Chromium
#   make dist      wheel and sdist, checked, in build/dist
#   make sbom      what is installed, as CycloneDX, in build/radistill.cdx.json
#   make clean     remove .venv, caches and the demo
#
# Another Python: make PYTHON=python3.12 demo
# No GPU: PyTorch's CPU build is a tenth of the one with CUDA. make takes it where it is offered, 2.13
# or newer, and keeps one that is in .venv already:
#   make demo TORCH_INDEX=URL      from that index of packages (pytorch.org names it)
#   make demo TORCH_WHEELS=FOLDER  from wheels of torch and torchvision in a folder
#   make demo SYSTEM_SITE=1        the one that PYTHON has already

PYTHON ?= python3
# Paths are relative and scripts run as modules, so that a clone may lie in a folder with spaces:
# make splits targets at spaces, and the first line of a console script cannot hold them.
VENV := .venv
RUN := $(VENV)/bin/python -m
DEMO_FILMS ?= 1500
DEMO_SEED ?= 0
# Processes that share the fast tests, file by file; each takes up to 2 GB.
JOBS ?= 2
TORCH_INDEX ?=
TORCH_WHEELS ?=
SYSTEM_SITE ?=
PIP := $(RUN) pip install --disable-pip-version-check
PIP_INSTALL := $(PIP) -c "$$(ls $(VENV)/constraints.txt 2>/dev/null || echo constraints.txt)"
HAS_TORCH := $(VENV)/bin/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'

# Before an install: the PyTorch that Linux gets by default has CUDA, 5.5 GB; pip unpacks it first.
define SAY_SIZE
@if [ "$$(uname -s)" = Linux ] && [ -z "$(TORCH_INDEX)$(TORCH_WHEELS)" ] && ! $(HAS_TORCH); then \
    echo "This installs PyTorch with its CUDA libraries: about 5.5 GB on disk."; \
    echo "Without a GPU, take a CPU build, a tenth of that: see the head of the Makefile."; \
    free=$$(($$(df -Pk . | awk 'NR == 2 {print $$4}') / 1048576)); \
    [ "$$free" -ge 7 ] || { echo "Only $$free GB are free here, and it takes 7 while it unpacks: make room, or take a CPU build." >&2; exit 1; }; fi
endef

# A PyTorch that is offered, or here already, stands in for the pinned one: beside the usual index pip
# takes the pinned version, with CUDA, whatever else it is given. The pair of the pins is tried first.
OFFER := $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)")$(if $(TORCH_WHEELS),--no-index --find-links "$(TORCH_WHEELS)")
define KEEP_TORCH
@[ -z "$(TORCH_INDEX)$(TORCH_WHEELS)" ] || $(HAS_TORCH) \
    || $(PIP) --no-deps $(OFFER) -c constraints.txt torch torchvision 2>/dev/null || $(PIP) --no-deps $(OFFER) torch torchvision \
    || { echo "There are no torch and torchvision for this Python in '$(TORCH_INDEX)$(TORCH_WHEELS)'; see the lines above." >&2; exit 1; }
@rm -f $(VENV)/constraints.txt; here=$$($(VENV)/bin/python -c 'import importlib.metadata as m; \
    names = {one.name for one in m.distributions()} & {"torch", "torchvision"}; \
    print(*(f"{name}=={m.version(name)}" for name in sorted(names)), sep="\n")'); case "$$here" in *torchvision*) ;; *torch==*+*) \
    echo "$$here is here without torchvision, and that of the usual index does not work with it: install torchvision from where torch is from." >&2; exit 1;; esac; \
    [ -z "$$here" ] || { grep -vE '^torch(vision)?==' constraints.txt; echo "$$here"; } > $(VENV)/constraints.txt
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-all lint student tiny adapt results schemas docs pictures dist sbom pins clean

help:
	@sed -n '3,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(VENV)/.train
	$(RUN) radistill data phantom demo/data --n $(DEMO_FILMS) --seed $(DEMO_SEED)
	$(RUN) radistill run --data demo/data --preset few-labels --config examples/demo.yaml \
	    --seed $(DEMO_SEED) --out demo/run
	@film=$$(find demo/data/test -name '*.jpeg' 2>/dev/null | sort | tail -n 1); \
	    [ ! -d demo/run/bundle ] || bundle="--bundle demo/run/bundle"; \
	    echo; echo "One film, and where the model looked:"; \
	    $(RUN) radistill predict $$bundle --heatmaps demo/maps --format table "$$film"
	@echo; echo "The report   $(CURDIR)/demo/run/report.html"
	@echo "The heat map $(CURDIR)/demo/maps/contact-sheet.png"
	@echo "Type next"
	@echo "  . $(VENV)/bin/activate"
	@echo "  radistill                                          what it can do"
	@echo "  radistill serve --bundle demo/run/bundle           the same model on a page"
	@echo "  radistill run --data YOUR-XRAYS --out runs/first   the same study on your films"

test: lint
	$(RUN) pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow and not data"

test-all: lint $(VENV)/.engines
	$(RUN) pytest

student tiny: $(VENV)/.train
	@test -n "$(DATA)" || { echo "Name the folder of X-rays: make $@ DATA=chest_xray" >&2; exit 2; }
	$(RUN) radistill run --data "$(DATA)" --preset $@ --out runs/$@

adapt: $(VENV)/.train
	@test -n "$(DATA)" || { echo "Name your films: make adapt DATA=films LABELS=films/labels.csv" >&2; exit 2; }
	$(RUN) radistill adapt pneumonia-children --data "$(DATA)" $(if $(LABELS),--labels "$(LABELS)") --out runs/adapted

results: $(VENV)/.train
	$(VENV)/bin/python experiments/tables.py

schemas: $(VENV)/.train
	$(RUN) radistill.schema.publish docs/schemas

docs: $(VENV)/.dev
	$(RUN) sphinx --fresh-env --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Open build/docs/index.html"

pictures: $(VENV)/.dev
	$(VENV)/bin/python docs/pictures.py

dist: $(VENV)/.release
	rm -rf build/dist
	$(RUN) build --outdir build/dist
	$(RUN) twine check --strict build/dist/*

sbom: $(VENV)/.release
	@mkdir -p build
	$(RUN) cyclonedx_py environment --pyproject pyproject.toml --output-reproducible -o build/radistill.cdx.json $(VENV)

lint: $(VENV)/.dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/python tests/page/javascript/lint.py

$(VENV)/.train: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(SAY_SIZE)
	$(KEEP_TORCH)
	$(PIP_INSTALL) -e '.[train]'
	@touch $@

# dev holds all of train, so the demo needs no second install after the tests.
$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(SAY_SIZE)
	$(KEEP_TORCH)
	$(PIP_INSTALL) -e '.[dev]'
	@touch $(VENV)/.train $@

$(VENV)/.engines: $(VENV)/.dev
	$(PIP_INSTALL) -e '.[engines]'
	@touch $@

$(VENV)/.release: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) -e '.[release]'
	@touch $@

$(VENV)/bin/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "radistill needs Python 3.11 or newer, and there is no '$(PYTHON)' here. Install it, or name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "radistill needs Python 3.11 or newer, and '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual environments: its modules venv and ensurepip are missing. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(if $(SYSTEM_SITE),--system-site-packages) $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made in $(VENV); see the lines above." >&2; exit 1; }

# The newest versions that pyproject.toml allows, written down; torch pins its own CUDA packages.
pins:
	rm -rf build/pins
	"$(PYTHON)" -m venv build/pins
	build/pins/bin/python -m pip install '.[dev,engines,release]'
	build/pins/bin/python -m pip freeze --exclude radistill > build/pins/all
	{ sed '/^[^#]/,$$d' constraints.txt; grep -vE '^(nvidia-|cuda-|triton==)' build/pins/all; } \
	    > build/pins/new
	mv build/pins/new constraints.txt
	rm -rf build/pins

clean:
	rm -rf $(VENV) demo build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
