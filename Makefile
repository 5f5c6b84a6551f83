# mn: build, test, install. GNU make; "make help" lists the targets.
#
# Settings go on the command line or into config.mak:
#   prefix=/usr/local DESTDIR=   where to install
#   O=build                      where everything that is built goes
#   CC=gcc CFLAGS='-O2 -g'
#   V=1                          show the commands
#   WERROR=1                     warnings are errors
#   SANITIZE=address,undefined   or thread; builds into a directory of its own
#   T='t00*.sh'                  the shell tests that "make test" runs
#   JOBS=2                       tests at a time
#   BENCH=short                  "make bench" in about a minute
#   FUZZ_TIME=600                seconds for each target of "make fuzz"
#   SEEDS=2000                   histories that "make merge" plays

VERSION = 0.1.0

-include config.mak

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
mandir ?= $(prefix)/share/man
docdir ?= $(prefix)/share/doc/mn
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir ?= $(prefix)/share/zsh/site-functions

JOBS ?= $(shell nproc)
FUZZ_TIME ?= 600
SEEDS ?= 2000
PKG_CONFIG ?= pkg-config
PROVE ?= prove
SCDOC ?= scdoc
CFLAGS ?= -O2 -g
ifeq ($(origin CC),default)
CC := gcc
endif
# V=1 shows the commands
ifndef V
QUIET_CC = @echo '    CC $@';
QUIET_LINK = @echo '    LINK $@';
QUIET_AR = @echo '    AR $@';
QUIET_DOC = @echo '    DOC $@';
QUIET_GEN = @echo '    GEN $@';
endif

comma := ,
ifneq ($(SANITIZE),)
O ?= build-$(subst undefined,ubsan,$(subst address,asan,$(subst \
	thread,tsan,$(subst $(comma),-,$(SANITIZE)))))
SANFLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
else
O ?= build
SANFLAGS := -D_FORTIFY_SOURCE=2
endif

LIBS := libgit2 libsodium zlib libdeflate nettle sqlite3 jansson libqrencode
NET_LIBS := libcurl libssh2 libmicrohttpd
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS) $(NET_LIBS))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS)) -lmagic -lpthread
PKG_NET_LIBS := $(shell $(PKG_CONFIG) --libs $(NET_LIBS))

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla \
	-Wformat=2 $(if $(WERROR),-Werror)
HARDEN := -fPIE -fstack-protector-strong
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DMN_RELEASE='"$(VERSION)"' -Ilib -I$(O)/gen $(PKG_CFLAGS) \
	$(WARN) $(HARDEN) $(CFLAGS) $(SANFLAGS)
# symbols are bound when first called: most commands need few of them
ALL_LDFLAGS = -pie -Wl,-z,relro -Wl,-z,lazy -Wl,--as-needed $(SANFLAGS) \
	$(LDFLAGS)

LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(filter-out cmd/mn.c,$(sort $(wildcard cmd/*.c)))
UNIT_SRC := $(sort $(wildcard t/unit/*.c))
HELPER_SRC := $(sort $(wildcard t/helper/*.c))
FUZZ_SRC := $(sort $(wildcard t/fuzz/fuzz-*.c))
PERF_SRC := $(sort $(wildcard t/perf/*.c))

LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(O)/%.o)
TEST_OBJ := $(patsubst %.c,$(O)/%.o,$(UNIT_SRC) $(HELPER_SRC) $(FUZZ_SRC) \
	$(PERF_SRC)) $(O)/t/fuzz/replay.o
UNIT := $(UNIT_SRC:%.c=$(O)/%)
HELPER := $(HELPER_SRC:%.c=$(O)/%)
REPLAY := $(FUZZ_SRC:%.c=$(O)/%)
PERF := $(PERF_SRC:%.c=$(O)/%)

LIST := command-list.txt
GENERATE := tools/generate.sh
BUILTINS := $(shell $(GENERATE) builtins <$(LIST))
NET_CMD := $(patsubst %,$(O)/cmd/%.o,$(shell $(GENERATE) net <$(LIST)))
LOCAL_CMD := $(patsubst %,$(O)/cmd/%.o,$(shell $(GENERATE) local <$(LIST)))
SHARED_CMD = $(filter-out $(NET_CMD) $(LOCAL_CMD),$(CMD_OBJ))
SCRIPTS := $(shell $(GENERATE) scripts <$(LIST))
GEN := $(addprefix $(O)/gen/,commands.h protos.h version.h mn.bash _mn)
PAGES := $(patsubst Documentation/%.scd,$(O)/man/%, \
	$(sort $(wildcard Documentation/*.scd)))
HTML := $(PAGES:$(O)/man/%=$(O)/html/%.html)

.DELETE_ON_ERROR:
.PHONY: all install uninstall test check bench crash merge fuzz fuzz-short doc tags \
	help clean test-programs objects FORCE

PROGRAMS := $(O)/mn $(O)/mn-net $(O)/installed/mn
all: $(PROGRAMS) $(O)/bin/.done $(O)/vars $(GEN) ## build mn (the default)

$(O)/mn: $(O)/cmd/mn.o $(LOCAL_CMD) $(O)/libcmd.a $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The mn that is installed knows where mn-net will be. That of the build does
# not, lest it run one that was installed before.
$(O)/installed/mn: $(O)/installed/mn.o $(LOCAL_CMD) $(O)/libcmd.a $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# the commands that need a network library; see cmd/mn.c
$(O)/mn-net: $(O)/cmd/mn-net.o $(NET_CMD) $(O)/libcmd.a $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PKG_NET_LIBS)

$(O)/libcmd.a: $(SHARED_CMD) $(O)/names
	@rm -f $@
	$(QUIET_AR)$(AR) rcs $@ $(SHARED_CMD)

$(O)/libmn.a: $(LIB_OBJ) $(O)/names
	@rm -f $@
	$(QUIET_AR)$(AR) rcs $@ $(LIB_OBJ)

$(O)/%.o: %.c $(O)/flags | $(GEN)
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/cmd/mn-net.o: cmd/mn.c $(O)/flags | $(GEN)
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) $(ALL_CFLAGS) -DMN_NET -MMD -MP -c -o $@ $<

$(O)/installed/mn.o: cmd/mn.c $(O)/flags $(O)/libexecdir | $(GEN)
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) $(ALL_CFLAGS) -DMN_LIBEXECDIR='"$(libexecdir)"' \
		-MMD -MP -c -o $@ $<

-include $(O)/cmd/mn.d $(O)/cmd/mn-net.d $(O)/installed/mn.d $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) \
	$(TEST_OBJ:.o=.d)

# Rewritten only when the words change, so that what depends on them is
# rebuilt with other flags, and when a source file comes or goes.
FLAGS_WORDS = $(CC) $(filter-out -I$(O)/gen,$(ALL_CFLAGS)) $(ALL_LDFLAGS)
NAMES_WORDS = $(BUILTINS) : $(SCRIPTS) : $(LIB_SRC) $(CMD_SRC)
# how to call make again for this very build; t0020 does
VARS_WORDS = O="$(O)" CC="$(CC)" CFLAGS="$(CFLAGS)" LDFLAGS="$(LDFLAGS)" \
	SANITIZE="$(SANITIZE)" WERROR="$(WERROR)"
$(O)/flags: WORDS = $(FLAGS_WORDS)
$(O)/names: WORDS = $(NAMES_WORDS)
$(O)/vars: WORDS = $(VARS_WORDS)
$(O)/libexecdir: WORDS = $(libexecdir)
$(O)/flags $(O)/names $(O)/vars $(O)/libexecdir: FORCE
	@mkdir -p $(@D)
	@echo '$(WORDS)' | cmp -s - $@ || echo '$(WORDS)' >$@

$(O)/gen/commands.h: KIND = table
$(O)/gen/protos.h: KIND = protos
$(O)/gen/mn.bash: KIND = bash
$(O)/gen/_mn: KIND = zsh
$(O)/gen/mn.1.scd: KIND = page
$(O)/gen/%: $(LIST) $(GENERATE) $(O)/names $(wildcard contrib/completion/*) \
		Documentation/mn.1.scd
	@mkdir -p $(@D)
	$(QUIET_GEN)$(GENERATE) $(KIND) <$(LIST) >$@

$(O)/gen/version.h: $(O)/flags Makefile tools/version.sh
	@mkdir -p $(@D)
	$(QUIET_GEN)PKG_CONFIG='$(PKG_CONFIG)' tools/version.sh '$(VERSION)' \
		'$(CFLAGS) $(SANFLAGS)' $(LIBS) $(NET_LIBS) libmagic >$@

# A directory to put first in PATH: as installed, without installing.
$(O)/bin/.done: $(O)/names
	@rm -rf $(O)/bin && mkdir -p $(O)/bin
	@ln -s ../mn $(O)/bin/mn
	@for c in $(BUILTINS); do ln -s mn $(O)/bin/mn-$$c || exit; done
	@for c in $(SCRIPTS); do \
		ln -s '$(CURDIR)'/contrib/mn-$$c $(O)/bin/mn-$$c || exit; done
	@touch $@

$(UNIT) $(HELPER): %: %.o $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PKG_NET_LIBS)
ifdef FUZZ_ENGINE
$(REPLAY): %: %.o $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) \
		$(PKG_NET_LIBS)
else
$(REPLAY): %: %.o $(O)/t/fuzz/replay.o $(O)/libmn.a
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PKG_NET_LIBS)
endif

# bare programs to compare with: nothing of the library
$(PERF): %: %.o
	$(QUIET_LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(PKG_NET_LIBS)

test-programs: $(UNIT) $(HELPER) $(REPLAY)
objects: $(O)/mn $(O)/mn-net $(TEST_OBJ)

install: all doc ## install under prefix (DESTDIR is honoured)
	tools/install.sh install '$(O)' '$(DESTDIR)' '$(bindir)' '$(mandir)' \
		'$(docdir)' '$(bashcompdir)' '$(zshcompdir)' '$(libexecdir)'
uninstall: all doc ## remove what install installs
	tools/install.sh uninstall '$(O)' '$(DESTDIR)' '$(bindir)' \
		'$(mandir)' '$(docdir)' '$(bashcompdir)' '$(zshcompdir)' \
		'$(libexecdir)'

T ?= t[0-9]*.sh
TESTS = $(wildcard $(addprefix t/,$(patsubst t/%,%,$(T))))
ifeq ($(T),t[0-9]*.sh)
TESTS += $(UNIT) $(REPLAY)
endif
test: all test-programs ## run all tests, or those of T='t00*.sh'
	MN_BUILD='$(abspath $(O))' TEST_OUTPUT='$(abspath $(O))/trash' \
		$(PROVE) -j$(JOBS) --exec tools/run-test.sh \
		$(PROVE_OPTS) $(TESTS)

check: all test-programs doc ## prove what can be proved without running mn
	MAKE='$(MAKE)' O='$(O)' tools/check.sh

crash: all test-programs ## kill mn at every system call, cut the power, fill the disk
	TEST_LONG=1 MN_BUILD='$(abspath $(O))' \
		TEST_OUTPUT='$(abspath $(O))/trash' $(PROVE) -j$(JOBS) \
		--exec tools/run-test.sh $(PROVE_OPTS) $(wildcard t/t05*.sh)

merge: $(O)/t/unit/test-repl-merge ## play SEEDS histories of many devices
	$< 1 $(SEEDS)

bench: all $(PERF) ## measure, against stock git; BENCH=short: in a minute
	@MN_BUILD='$(abspath $(O))' BENCH='$(BENCH)' t/perf/bench.sh

FUZZ_BUILD = O=$(O)-fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined \
	FUZZ_ENGINE=1
fuzz: ## run every fuzz target for FUZZ_TIME seconds (needs clang)
	$(MAKE) $(FUZZ_BUILD) fuzz-programs
	tools/fuzz.sh $(O)-fuzz $(FUZZ_TIME) $(JOBS)
fuzz-short: ## run every fuzz target for 20 seconds
	$(MAKE) fuzz FUZZ_TIME=20
.PHONY: fuzz-programs
fuzz-programs: $(REPLAY)

doc: $(PAGES) $(HTML) ## make the manual pages, and HTML of them
$(O)/man/mn.1: $(O)/gen/mn.1.scd
	@mkdir -p $(@D)
	$(QUIET_DOC)$(SCDOC) <$< >$@
$(O)/man/%: Documentation/%.scd
	@mkdir -p $(@D)
	$(QUIET_DOC)$(SCDOC) <$< >$@
$(O)/html/%.html: $(O)/man/%
	@mkdir -p $(@D)
	$(QUIET_DOC)mandoc -Thtml -Oman=%N.%S.html $< >$@

tags: FORCE ## index the sources for editors
	ctags -R --languages=C cmd lib t

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | \
		awk -F '\t' '{ printf "  %-12s %s\n", $$1, $$2 }'

clean: ## remove everything that was built
	rm -rf build build-* t/trash tags
