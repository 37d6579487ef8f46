# Verbs only: what they do is in scripts/ and Cargo.toml. `make help` lists them.

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
SYSCONFDIR ?= $(PREFIX)/etc
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
DATADIR    ?= $(PREFIX)/share
DOCDIR     ?= $(DATADIR)/doc/keepalived
DEFAULTDIR ?= $(SYSCONFDIR)/default
COMPLETIONDIR ?= $(DATADIR)/bash-completion/completions
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
# Any of systemd, sysv and openrc; the latter two share a file name.
INIT       ?= systemd sysv
DESTDIR    ?=

CARGO      ?= cargo
# The binary that demo, netns, interop, conformance and bench drive.
DAEMON     ?= target/release/keepalived
# The implementation to interoperate with and to compare to.
PEER       ?= /usr/sbin/keepalived
# Seconds for each target of `make fuzz`, and cases for each property of `make properties`.
FUZZ_SECONDS ?= 600
FUZZ_CASES ?= 20000
# The lab to run; without it `make lab` lists them.
LAB        ?=
# Advert interval of the demo in seconds.
ADVERT     ?= 1

export DAEMON PEER
export CLIPPY_CONF_DIR := $(CURDIR)/scripts/lint

folders = DESTDIR='$(DESTDIR)' SBINDIR='$(SBINDIR)' BINDIR='$(BINDIR)' SYSCONFDIR='$(SYSCONFDIR)' \
	MANDIR='$(MANDIR)' UNITDIR='$(UNITDIR)' DATADIR='$(DATADIR)' DOCDIR='$(DOCDIR)' DEFAULTDIR='$(DEFAULTDIR)' \
	COMPLETIONDIR='$(COMPLETIONDIR)' TMPFILESDIR='$(TMPFILESDIR)' INIT='$(INIT)'

# A binary of one's own choice is not built here.
ifeq ($(DAEMON),target/release/keepalived)
built := build
endif

.DEFAULT_GOAL := build
.PHONY: help build check test fmt lint gen netns uml vm conformance interop demo lab bench fuzz properties install uninstall deb clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@echo "Variables: DAEMON PEER FUZZ_SECONDS FUZZ_CASES ADVERT LAB, and for install DESTDIR PREFIX SBINDIR BINDIR SYSCONFDIR"
	@echo "           MANDIR UNITDIR DATADIR DOCDIR DEFAULTDIR COMPLETIONDIR TMPFILESDIR INIT (systemd sysv openrc)"

build: ## the daemon, optimised: target/release/keepalived
	$(CARGO) build --release --locked

check: ## everything the pipeline runs, cheapest first (root; up to 40 minutes)
	@scripts/check

test: ## unit, table, golden and simulation tests (no privileges needed)
	$(CARGO) test --workspace --locked

fmt: ## format the sources
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path tests/fuzz/Cargo.toml

lint: ## formatting and lints, as the pipeline wants them
	@scripts/check fmt lint

gen: ## write generated files (manual pages) anew; `make test` fails on a stale one
	GOLDEN_UPDATE=1 $(CARGO) test --workspace --locked -- up_to_date golden manual

netns: $(built) ## whole daemons in network namespaces, as a user sees them (root)
	scripts/system-tests defects

uml: $(built) ## tests that need what this machine's kernel lacks, in user-mode Linux
	scripts/system-tests uml

vm: $(built) ## tests that need IPVS and nftables together, in Debian's kernel
	scripts/system-tests vm

conformance: $(built) ## black-box cases and configuration corpus (root)
	scripts/conformance --daemon $(DAEMON)

interop: $(built) ## this daemon and the C daemon on one network (root)
	scripts/system-tests interop
	scripts/system-tests bfd

demo: ## watch an address move between two routers (root)
	@[ "$$(id -u)" = 0 ] || { echo "make demo: needs root, for network namespaces (try: sudo env \"PATH=$$PATH\" make demo)"; exit 1; }
	@scripts/install-needs demo
	@$(if $(built),$(MAKE) --no-print-directory build)
	@scripts/demo --daemon $(DAEMON) --advert $(ADVERT)

lab: ## the set-ups people build, live: make lab LAB=NAME; without LAB a list (root)
	@[ -z "$(LAB)" ] || scripts/install-needs
	@[ -z "$(LAB)" ] || $(if $(built),$(MAKE) --no-print-directory build,:)
	@scripts/lab --daemon $(DAEMON) $(LAB)

bench: $(built) ## speed and memory, side by side with the C daemon (root)
	scripts/bench/compare --ours $(DAEMON) --theirs $(PEER)

fuzz: ## coverage-guided fuzzing of every input, ten minutes each (tests/fuzz)
	FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz

properties: ## property tests of every parser of foreign bytes, for long
	PROPTEST_CASES=$(FUZZ_CASES) $(CARGO) test --workspace --locked

install: $(built) ## daemon, genhash, manual pages, samples, services, completion
	@$(folders) scripts/install install '$(DAEMON)'

uninstall: ## take away what install put there, except what was changed since
	@$(folders) scripts/install uninstall

deb: $(built) ## a Debian package, target/deb/keepalived-rs_VERSION_ARCHITECTURE.deb
	@scripts/deb '$(DAEMON)'

clean: ## remove what was built
	$(CARGO) clean
