# The two commands: `make demo` and `make test`. Each does all of its own set-up on a fresh Debian 12.
# Targets print what they do; JOBS sets how many compilers run at once.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
export CCACHE_SLOPPINESS ?= pch_defines,time_macros
export CCACHE_MAXSIZE ?= 5G
# Checkouts in different folders share what was compiled.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1

SANITIZERS ?= asan tsan
SERVERS ?= 1000
SEED ?= 20261123

PAGES_TARGETS := pinfold pinfold-reader example_desk
FAULTS_TARGETS := pinfold pinfold-reader pinfold-agent pinfold-lab-bridge-mib pinfold-slow-disk

.PHONY: help setup setup-lab setup-browser ui build check test test-faults test-mail test-mutants test-sanitizers lint fuzz bench bench-agent bench-audit bench-flow bench-http bench-mail bench-pages bench-scale check-contract pictures soak-flow evaluate simulate-year package sbom golden demo dev format clean

help:                ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 20

setup:               ## install what building takes (apt-get; sudo when not root)
	@tools/setup build

setup-lab: setup     ## unpack the lab's servers aside, below build/lab/root
	@tools/setup lab

ui: setup            ## the pages, into build/ui/dist, from where they are compiled into the program (npm)
	@tools/setup node && tools/build-ui

setup-browser: setup ## unpack the browser that the pages are tested in aside, below build/browser/root
	@tools/setup browser

build: ui            ## the programs, into build/release/bin
	@tools/say "building the programs (build/release)"
	@mkdir -p build && cmake --preset release -DPINFOLD_TESTS=OFF >build/configure-release.log || { cat build/configure-release.log; exit 1; }
	@cmake --build --preset release -j $(JOBS)

demo: build setup-lab ## the whole story on real traffic, in network namespaces (needs root)
	@tools/as-root build/release/bin/pinfold demo $(DEMO)

test: setup-lab setup-browser ui ## every test: unit, corpora, the lab's story
	@tools/say "building the programs and the tests (build/dev)"
	@mkdir -p build && cmake --preset dev >build/configure-dev.log || { cat build/configure-dev.log; exit 1; }
	@cmake --build --preset dev -j $(JOBS)
	@tools/run-tests build/dev $(JOBS)

test-faults: setup-lab ui ## bad days on real servers: kills in turn and at random (ROUNDS, 8; SEED, 1), cut networks, full and slow disks, wrong clocks; 30 min
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target $(FAULTS_TARGETS) >build/faults.log
	@PINFOLD_LAB_ROOT=$(CURDIR)/build/lab/root tests/faults/many_machines_test.sh build/dev/bin $${ROUNDS:-8} $${SEED:-1}
	@for day in network_cuts full_disk slow_disk clock_steps; do \
	  tools/say "$$day"; tools/as-root env PINFOLD_LAB_ROOT=$(CURDIR)/build/lab/root tests/faults/$${day}_test.sh build/dev/bin || exit 1; done
	@tools/as-root tests/lab/clock_test.sh build/dev/bin
	@tools/as-root tests/lab/faults_test.sh build/dev/bin

simulate-year: setup  ## a year of a hosting company under a virtual clock (SERVERS=1000 SEED=…); RECORD=FILE keeps its events
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target desk_test >build/simulate-year.log
	@PINFOLD_YEAR_SERVERS=$(SERVERS) PINFOLD_YEAR_SEED=$(SEED) $(if $(RECORD),PINFOLD_YEAR_RECORD=$(RECORD)) build/dev/bin/desk_test --gtest_filter=Year.OfAHostingCompanyKeepsEveryInvariant

test-mail: setup-lab ## every letter judged by a real spam filter (20 s; not part of test)
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target mail_test
	@tests/mail/spam_score.sh build/dev/bin/mail_test build/lab/root

check: test lint     ## what a change must pass

lint:                ## format, layers, clang-tidy over what changed (TIDY=all: over everything)
	@tools/lint $(TIDY)

test-mutants: setup   ## every refusal and hold of the guards taken out in turn: each must be caught (some minutes; not part of test)
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target guard_test >build/mutants.log
	@tools/mutate-guards

test-sanitizers: setup-lab ## the whole suite under address+undefined, then thread (SANITIZERS=asan or tsan: one of them); hours
	@mkdir -p build; for one in $(SANITIZERS); do tools/say "building with sanitizers (build/$$one)"; \
	  cmake --preset $$one >build/configure-$$one.log && cmake --build --preset $$one -j $(JOBS) && tools/run-tests build/$$one $(JOBS) || exit 1; done

fuzz: setup          ## every fuzz target for SECONDS each (default 60)
	@mkdir -p build; cmake --preset asan >build/configure-asan.log && cmake --build --preset asan -j $(JOBS) --target fuzz_targets && tools/run-fuzz build/asan $${SECONDS_EACH:-60}

bench: setup         ## nanoseconds a record on the hot path, median of 5
	@mkdir -p build && cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log
	@cmake --build --preset release -j $(JOBS) --target flow_bench
	@build/release/bin/flow_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true

bench-flow: build     ## flow collectors side by side: CPU seconds per million flows, lossless rate, memory (root; 15 min)
	@tools/setup bench
	@cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log && cmake --build --preset release -j $(JOBS) --target flow_gen flow_sink
	@tools/as-root python3 bench/netbench.py --lossless $(BENCH)

bench-agent: build    ## what the host agent costs an exec, loses and takes in memory, beside auditd (root; 3 min)
	@tools/setup bench
	@cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log && cmake --build --preset release -j $(JOBS) --target exec_load
	@tools/as-root python3 bench/agent_bench.py --auditd $(BENCH)

bench-scale: setup-lab build ## 1,000 to 1,000,000 servers through collector, NATS, two detectors and PostgreSQL: cores, memory, time to detect (5 min)
	@cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log && cmake --build --preset release -j $(JOBS) --target scale_bench
	@PINFOLD_LAB_ROOT=$(CURDIR)/build/lab/root bench/scale.py build/release/bin

soak-flow: build      ## MINUTES (10) of steady flows: memory over time, every counter explained (root)
	@cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log && cmake --build --preset release -j $(JOBS) --target flow_gen
	@mkdir -p build/bench && tools/as-root python3 bench/soak.py --minutes $${MINUTES:-10}

evaluate: setup setup-lab ## recall, precision and false findings of the detectors, into docs/evaluation (EVALUATE=quick: one minute)
	@mkdir -p build && cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log || { cat build/configure-release.log; exit 1; }
	@cmake --build --preset release -j $(JOBS) --target pinfold-evaluate
	@tools/evaluate

bench-mail: setup    ## mails a second through the sealed reader, reports and definitions included
	@mkdir -p build && cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log
	@cmake --build --preset release -j $(JOBS) --target mail_bench pinfold-reader
	@build/release/bin/mail_bench

bench-audit: build   ## the audit's rules over 22,000 PHP files of Debian's packages: time, false alarms, beside yara(1)
	@cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log && cmake --build --preset release -j $(JOBS) --target audit_bench
	@bench/audit.sh build/release/bin

sbom: build          ## what the programs are made of: packages, versions, licences (CycloneDX), into build/release/sbom.json
	@tools/sbom build/release >build/release/sbom.json && echo "build/release/sbom.json: $$(grep -c '"purl"' build/release/sbom.json) parts"

bench-http: setup    ## the API: requests a second on one core, a queue page of 100,000 cases
	@mkdir -p build && cmake --preset release -DPINFOLD_TESTS=OFF -DPINFOLD_BENCH=ON >build/configure-release.log
	@cmake --build --preset release -j $(JOBS) --target http_bench
	@build/release/bin/http_bench

bench-pages: setup-browser ui ## first paint of the main pages on a slowed processor (root)
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target $(PAGES_TARGETS) >build/pages.log
	@tools/as-root env ONLY=paint tests/e2e/pages_test.sh build/dev/bin

pictures: setup-browser ui ## the pages as they are, into build/pictures (root); the manual's are in docs/pictures
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target $(PAGES_TARGETS) >build/pages.log
	@tools/as-root tests/e2e/pages_test.sh build/dev/bin build/pictures

check-contract: setup-browser ui ## redocly and spectral over the contract, then the pages' tests with prism between them and the API (root; npm)
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS) --target $(PAGES_TARGETS) >build/pages.log
	@cd docs/api && npm ci --silent --no-audit --no-fund && npm run -s lint
	@tools/as-root env PRISM=$(CURDIR)/docs/api/node_modules/.bin/prism tests/e2e/pages_test.sh build/dev/bin

package: build       ## Debian packages, into build/release/packages
	@cd build/release && cpack --config CPackConfig.cmake >packages.log || { cat packages.log; exit 1; }
	@ls build/release/packages/*.deb

golden: setup-lab    ## rewrite the golden files; read the diff before you keep it
	@mkdir -p build; cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS)
	@PINFOLD_GOLDEN_WRITE=1 ctest --test-dir build/dev -L golden -Q; PINFOLD_GOLDEN_WRITE=1 ctest --test-dir build/dev -R '[Gg]olden' -Q; git diff --stat tests/golden

dev: setup           ## a debug build, for working on it
	@mkdir -p build && cmake --preset dev >build/configure-dev.log && cmake --build --preset dev -j $(JOBS)

format:              ## clang-format over everything
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:               ## remove everything that was built or unpacked
	@rm -rf build
