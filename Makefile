# forklab - see README.md. The only Makefile; adding a file to a folder is enough to have it built.
# `make help` lists the targets. Everything that is built lands in $(BUILD).

comma := ,
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),-$(firstword $(subst $(comma), ,$(SANITIZE))))
ifeq ($(origin CC),default)
CC := gcc
endif
VERSION := 0.1.0

OPT ?= -O2 -g
WARN := -Wall -Wextra -Werror=incompatible-pointer-types -Werror=implicit-function-declaration \
	-Werror=int-conversion -Werror=format
# The long list, for people who work on forklab: make DEVELOPER=1
WARN_DEV := -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wcast-qual -Wcast-align -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wconversion \
	-Wno-sign-conversion -Wdouble-promotion -Wnull-dereference -Wimplicit-fallthrough
ifeq ($(DEVELOPER),1)
WARN += $(WARN_DEV)
endif
# Hardening where it does not touch what is measured: nothing that adds code to a hot loop.
HARDEN := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
SAN := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CFLAGS ?=
LDFLAGS ?=
FL_CFLAGS := -std=gnu11 $(OPT) $(WARN) $(HARDEN) $(SAN) -pthread -D_GNU_SOURCE -DFORKLAB_VERSION='"$(VERSION)"' \
	-Ibench -Idemos
FL_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SAN) -pthread

# pkg-config is asked when a rule runs, not when make reads this file: `make deps report` installs it first.
HWLOC_CFLAGS = $(shell pkg-config --cflags hwloc)
HWLOC_LIBS = $(shell pkg-config --libs hwloc)
JANSSON_CFLAGS = $(shell pkg-config --cflags jansson)
JANSSON_LIBS = $(shell pkg-config --libs jansson)
CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)
# What a benchmark is compared with is optional: left out where it is missing, and the benchmark says so.
OPENMP = $(shell echo 'int main(void) { return 0; }' | $(CC) -fopenmp -x c -o /dev/null - 2>/dev/null && echo -fopenmp)
LIBUV_CFLAGS = $(shell pkg-config --exists libuv 2>/dev/null && pkg-config --cflags libuv && echo -DHAVE_LIBUV)
LIBUV_LIBS = $(shell pkg-config --exists libuv 2>/dev/null && pkg-config --libs libuv)

HARNESS_SRC := $(sort $(wildcard bench/harness/*.c))
FORKLAB_SRC := $(sort $(wildcard bench/forklab/*.c))
BENCH_SRC := $(sort $(wildcard bench/*.c))
HELPER_SRC := $(sort $(wildcard bench/peers/*.c))
DEMO_SRC := $(sort $(wildcard demos/*.c))
MP_SRC := $(sort $(wildcard demos/mp/*.c))
TEST_SRC := $(sort $(wildcard tests/test_*.c))
TESTLIB_SRC := $(filter-out $(TEST_SRC),$(sort $(wildcard tests/*.c)))

HARNESS := $(BUILD)/libharness.a
MP := $(if $(MP_SRC),$(BUILD)/libmp.a)
BENCHES := $(BENCH_SRC:bench/%.c=$(BUILD)/bench/%)
HELPERS := $(HELPER_SRC:bench/peers/%.c=$(BUILD)/peers/%)
DEMOS := $(DEMO_SRC:demos/%.c=$(BUILD)/demos/%)
TESTS := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# With `make deps report`, whatever is compiled waits until deps has installed what it needs.
AFTER_DEPS := $(filter deps deps-dev,$(MAKECMDGOALS))

# One short line a file; V=1 shows the commands.
Q := $(if $(V),,@)
show = $(if $(V),,@printf '  %-4s %s\n' $(1) '$@')

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

.PHONY: all
all: $(BUILD)/forklab $(BENCHES) $(HELPERS) demos ## builds forklab, the benchmarks and the demos

.PHONY: demos
demos: $(DEMOS) ## builds the demos; needs gcc and libc alone

.PHONY: report
report: all ## measures and writes build/report/index.html (QUICK=1: at most 90 s, ONLY=topic: one topic)
	$(BUILD)/forklab report $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)')

.PHONY: test
test: all $(TESTS) ## runs every test; closes with "N passed, N failed, N skipped" (ONLY=name: one)
	tests/run --build $(BUILD) $(if $(SANITIZE),--sanitize $(SANITIZE)) $(if $(ONLY),--only '$(ONLY)')

.PHONY: deps
deps: ## installs what report and test need and is missing (Debian, Ubuntu)
	@tests/deps report test

.PHONY: deps-dev
deps-dev: ## the same for `make lint`
	@tests/deps report test lint

.PHONY: lint
lint: ## clang-format, layers, cppcheck, clang-tidy, both compilers with every warning; no finding allowed
	tests/lint $(BUILD)

.PHONY: list
list: all ## lists demos, benchmarks and lessons
	$(BUILD)/forklab list

.PHONY: clean
clean: ## removes what was built; keeps build/results
	@if [ -d $(BUILD) ]; then find $(BUILD) -mindepth 1 -maxdepth 1 ! -name results -exec rm -rf {} +; fi

.PHONY: distclean
distclean: ## removes the results too
	rm -rf build build-*

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BUILD)/obj/%.o: %.c | $(AFTER_DEPS)
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(FL_CFLAGS) $(OBJ_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(call obj,$(HARNESS_SRC)): OBJ_CFLAGS = $(HWLOC_CFLAGS) $(JANSSON_CFLAGS) -DFORKLAB_CFLAGS='"$(strip $(OPT) $(SAN) $(CFLAGS))"'
$(call obj,$(FORKLAB_SRC) $(BENCH_SRC)): OBJ_CFLAGS = $(JANSSON_CFLAGS)
$(call obj,bench/pool_dispatch.c): OBJ_CFLAGS = $(JANSSON_CFLAGS) $(LIBUV_CFLAGS) $(if $(SANITIZE),,$(OPENMP))
$(call obj,$(TEST_SRC) $(TESTLIB_SRC)): OBJ_CFLAGS = $(HWLOC_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS) -Itests

$(HARNESS): $(call obj,$(HARNESS_SRC))
	@rm -f $@
	$(call show,AR)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libmp.a: $(call obj,$(MP_SRC))
	@rm -f $@
	$(call show,AR)
	$(Q)$(AR) rcs $@ $^

HARNESS_LIBS = $(HWLOC_LIBS) $(JANSSON_LIBS) -lm

$(BUILD)/forklab: $(call obj,$(FORKLAB_SRC)) $(HARNESS)
	$(call show,LD)
	$(Q)$(CC) $(FL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HARNESS_LIBS)

$(BENCHES): $(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(HARNESS) $(MP)
	@mkdir -p $(@D)
	$(call show,LD)
	$(Q)$(CC) $(FL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(BENCH_LIBS) $(HARNESS_LIBS)

$(BUILD)/bench/pool_dispatch: BENCH_LIBS = $(LIBUV_LIBS) $(if $(SANITIZE),,$(OPENMP))

$(DEMOS): $(BUILD)/demos/%: $(BUILD)/obj/demos/%.o $(MP)
	@mkdir -p $(@D)
	$(call show,LD)
	$(Q)$(CC) $(FL_LDFLAGS) $(LDFLAGS) -o $@ $^

# Helpers that a benchmark starts. true_static links nothing: no libc, no loader; the least a program can be.
$(BUILD)/peers/%: bench/peers/%.c $(wildcard bench/peers/*.h) | $(AFTER_DEPS)
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -static -nostdlib -fno-stack-protector -o $@ $<

$(TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(TESTLIB_SRC)) \
		$(filter-out %/main.o,$(call obj,$(FORKLAB_SRC))) $(HARNESS) $(MP)
	@mkdir -p $(@D)
	$(call show,LD)
	$(Q)$(CC) $(FL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(HARNESS_LIBS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
