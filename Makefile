# Everything here makes what it needs, once, and may run as root or not, twice in a row, beside another copy.
# PYTHON: which Python (3.11 or later). WORKERS: test processes. ARGUMENTS: passed on, as in
# `make test ARGUMENTS="tests/store -x"`.

PYTHON ?= python3
WORKERS ?= 2
ARGUMENTS ?=

# A caller's Python settings must not leak into our environments.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

environment = $(PYTHON) requirements/environment.py
bin = .venv/bin

.PHONY: help demo tour lab oscar test check format bench sdks browser locks clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    open a street of five shops that sell on credit, in your browser'
	@echo 'make tour    tell the story of a month of pay-later in the terminal and exit'
	@echo 'make test    run every test (ARGUMENTS="tests/store -x" for some)'
	@echo 'make check   style, types and the direction of imports'
	@echo 'make format  let ruff mend the style'
	@echo 'make bench   measure payments per second on this machine'
	@echo 'make lab     who gains when an ecosystem lends: a report of one page (minutes)'
	@echo 'make oscar   a foreign shop (django-oscar) that pays at a sandbox of its own'
	@echo 'make sdks    install the SDKs that tests and the story use, each in its own environment'
	@echo 'make locks   resolve requirements/*.txt anew'
	@echo 'make clean   remove the environments and caches that the other targets made'

demo:
	@$(environment) run
	@$(bin)/florin demo $(ARGUMENTS)

tour:
	@$(environment) run alipay-official alipay-fzlee
	@$(bin)/florin demo --tour $(ARGUMENTS)

test: browser
	@$(environment) dev alipay-official alipay-fzlee alipay-django alipay-v3 wechatpayv3 example-oscar schemathesis iso20022 npm
	$(bin)/pytest -n $(WORKERS) --dist worksteal $(ARGUMENTS)

check:
	@$(environment) dev
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports

format:
	@$(environment) dev
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

lab:
	@$(environment) lab
	@$(bin)/florin lab report $(ARGUMENTS)

bench:
	@$(environment) run
	@$(bin)/florin bench pay $(ARGUMENTS)

sdks:
	@$(environment) alipay-official alipay-fzlee alipay-django alipay-v3 wechatpayv3 example-oscar schemathesis iso20022 npm

oscar:
	@$(environment) run example-oscar
	@$(bin)/python examples/oscar/start.py $(ARGUMENTS)

# Debian's browser and a font for Chinese, where we may install them; else the browser tests say what is missing.
browser:
	@missing=; \
	command -v chromium >/dev/null || missing="chromium"; \
	ls /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc >/dev/null 2>&1 || missing="$$missing fonts-noto-cjk"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $$missing for the browser tests, once."; \
		{ apt-get -q -o DPkg::Lock::Timeout=300 update && \
		  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $$missing; } >/dev/null \
		|| echo "Could not install $$missing; the browser tests will say so."; \
	else \
		echo "Missing for the browser tests: $$missing."; \
	fi

# One Python, the oldest we support, so that everybody resolves alike; no index address is written down.
compile = CUSTOM_COMPILE_COMMAND="make locks" $(bin)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGUMENTS)
locks:
	@$(environment) dev
	$(compile) -o requirements/build.txt requirements/build.in
	$(compile) -o requirements/base.txt pyproject.toml
	$(compile) --extra lab -o requirements/lab.txt pyproject.toml
	$(compile) --extra lab -o requirements/dev.txt pyproject.toml requirements/build.in requirements/dev.in
	$(compile) -o requirements/node.txt requirements/node.in
	$(compile) -o requirements/sdk-build.txt requirements/sdk-build.in
	$(compile) -o requirements/sdk-alipay-official.txt requirements/sdk-alipay-official.in
	$(compile) -o requirements/sdk-alipay-fzlee.txt requirements/sdk-alipay-fzlee.in
	$(compile) -o requirements/sdk-wechatpayv3.txt requirements/sdk-wechatpayv3.in
	$(compile) -o requirements/sdk-alipay-django.txt requirements/sdk-alipay-django.in
	$(compile) -o requirements/sdk-alipay-v3.txt requirements/sdk-alipay-v3.in
	$(compile) -o requirements/example-build.txt requirements/example-build.in
	$(compile) -o requirements/example-oscar.txt requirements/example-oscar.in
	$(compile) -o requirements/tool-schemathesis.txt requirements/tool-schemathesis.in
	$(compile) -o requirements/tool-iso20022.txt requirements/tool-iso20022.in
	$(compile) -o requirements/tool-mesa.txt requirements/tool-mesa.in
	cd tests/sdk/npm && npm install --package-lock-only --omit-lockfile-registry-resolved=true --ignore-scripts

clean:
	rm -rf .venv .venvs tests/sdk/npm/node_modules build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
