# Millwright. `make demo` shows it at work, `make test` proves it; each installs what it needs.
#
#   make demo    a simulated plant, a real broker, the engine, a work-order desk (make demo FOR=60s)
#   make test    build once with optimisation and run every test, in two lanes side by side
#   make unit    only the tests that need no server, broker or browser: the inner loop (make unit ONLY=Clock)
#   make nightly every campaign at its full size
#   make bench   speed, each figure beside a bound measured in the same run
#   make fuzz    the large campaigns of damaged and random input (MILLWRIGHT_SEED=n repeats one)
#   make models  the large campaigns against models that work everything out anew, and 10^8 changes without drift
#   make torture 10,000 power cuts, 10,000 flipped bits, 2,000 damaged ledgers, N=1000 kills under load, 200 in a backlog,
#                20 restores
#   make asan    every allocation of the Lua host failed once, under the address sanitizer
#   make protections  switches each protection off, and shows the test that fails without it
#   make wind-data  the wind farm of La Haute Borne, for a test of backtest (from PyPI, Licence Ouverte 2.0)
#   make format  lay out the sources
#   make check   the rules and the example site

SWIFT ?= swift
BUILD = $(SWIFT) build -c release
BIN = .build/release
FOR ?= 60s
N ?= 1000

# Debian packages and the file that shows each is there.
PACKAGES = pkg-config libmosquitto-dev libcurl4-openssl-dev libssl-dev liblua5.4-dev libsqlite3-dev zlib1g-dev mosquitto mosquitto-clients \
  python3-venv influxdb postgresql postgresql-client chromium

.PHONY: help setup build demo test unit nightly bench fuzz models torture asan protections check wind-data format
help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

setup:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux/"; exit 3; }
	@missing=""; for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q "install ok installed" || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then as=""; else as="sudo"; fi; \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null && \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing >/dev/null; \
	fi

# One build for everything: another set of flags would compile it all again.
build: setup
	$(BUILD) --build-tests

demo: build
	$(BIN)/millwright demo --for $(FOR)

# What starts brokers, engines, servers and browsers is a lane of its own, one after the other: side by side they would
# wait for each other.
REAL_PARTS = EndToEndTests|FaultTests|HistorianTests|IngestTests\.(MQTTSource|Redelivery|Reconnect|HostileBroker|TLS)|DemoTests|DeliveryTests\.(OneOrderTests|RestoreCampaign)|BenefitTests\.BrowserPageTests
ONLY ?= .

test: build
	Tests/lanes.sh "unit --skip '$(REAL_PARTS)'" "real-parts --no-parallel --filter '$(REAL_PARTS)'"
	$(BIN)/millwright check site

unit: build
	Tests/lanes.sh "unit --filter '$(ONLY)' --skip '$(REAL_PARTS)'"

nightly: fuzz models torture
	MILLWRIGHT_CAMPAIGN=large Tests/lanes.sh "large --no-parallel --filter 'BoundedEngineTests|HostileRulesTests|HostileBrokerTests'"

bench: build
	$(BIN)/bench

fuzz: build
	MILLWRIGHT_CAMPAIGN=large Tests/lanes.sh "fuzz --filter 'FuzzTests|JSONOracleTests|RuleCampaignTests'"

models: build
	MILLWRIGHT_CAMPAIGN=large Tests/lanes.sh "models --filter 'ReferenceCampaign|OthersCampaign|PolicyCampaign|no_window_drifts'"

torture: build
	MILLWRIGHT_CAMPAIGN=large MILLWRIGHT_KILLS=$(N) Tests/lanes.sh "torture --filter 'PowerLossTests|BitFlipTests|DamageCampaignTests|KillTests|RestoreCampaign|DeathInAnInputTests/killed'"

# The compiler that comes with Swift has the sanitizers; only the host in C and its driver are built.
CLANG ?= $(dir $(shell readlink -f $$(command -v $(SWIFT))))clang
asan: setup
	@mkdir -p .build/asan
	$(CLANG) -std=c17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  $$(pkg-config --cflags lua5.4) -ISources/CLua/include Sources/CLua/*.c Tests/CLuaMemory/everything.c \
	  $$(pkg-config --libs lua5.4) -lpthread -lm -o .build/asan/everything
	.build/asan/everything

protections: build
	Tests/protections.sh

check: build
	$(BIN)/millwright check site

# Two years of four turbines, in the examples of the package openoa: never a part of this project.
wind-data: .build-data/la-haute-borne-data-2014-2015.csv
.build-data/la-haute-borne-data-2014-2015.csv:
	@mkdir -p .build-data
	python3 -m pip download --quiet --no-deps --only-binary :all: --dest .build-data openoa==3.2
	python3 -c "import io, zipfile; \
	  outer = zipfile.ZipFile('.build-data/openoa-3.2-py3-none-any.whl'); \
	  inner = zipfile.ZipFile(io.BytesIO(outer.read('examples/data/la_haute_borne.zip'))); \
	  inner.extract('la-haute-borne-data-2014-2015.csv', '.build-data')"
	@rm -f .build-data/openoa-3.2-py3-none-any.whl

format:
	$(SWIFT) format -i -r Sources Tests Package.swift
