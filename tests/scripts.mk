# Scripts.  "make check" runs script_tests; interop_tests need real clients and minutes:
# "make check-interop".  "make check-crash" kills servers, $CRASH_ROUNDS times.  tests/run
# does all of it, in three builds.  Clients that wait until
# renewalInfo tells them to renew stand first: they take longest.
script_tests = tests/cites.sh tests/documents.sh tests/layers.sh tests/shell.sh tests/style.sh
interop_tests = tests/interop_ari_certbot.sh tests/interop_ari_caddy.sh tests/interop_ari_lego.sh \
	tests/interop_ari_lego_backports.sh tests/interop_ari_mod_md.sh tests/interop_certbot.sh \
	tests/operator.sh

TESTS += $(script_tests)
dist_check_SCRIPTS += $(script_tests) $(interop_tests) tests/planted_race.sh \
	tests/run tests/setup
EXTRA_DIST += docs/validation.md .ci/run .clang-format .editorconfig deploy/quickstart tests/lib.sh \
	tests/lsan.supp tests/tsan.supp

# Has a race, which tests/planted_race.sh wants to see reported.
check_PROGRAMS += tests/planted_race
tests_planted_race_SOURCES = tests/planted_race.c
tests_planted_race_LDADD = $(BASE)

# ASan's own memory is kept flat, for a test measures the server's: little in quarantine, and
# short stacks of allocations (libraries without frame pointers make each long one look new).
AM_TESTS_ENVIRONMENT += \
	ASAN_OPTIONS="quarantine_size_mb=4 malloc_context_size=2 $$ASAN_OPTIONS"; \
	TSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/tsan.supp $$TSAN_OPTIONS"; \
	LSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/lsan.supp $$LSAN_OPTIONS"; \
	export ASAN_OPTIONS TSAN_OPTIONS LSAN_OPTIONS;

# What is worth running under a sanitizer; MORE_TESTS may add to it.
check-programs:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(wire_tests) $(MORE_TESTS)'
check-units:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(script_tests)'
check-interop:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(interop_tests)'
check-crash: brevet tests/crash
	@$(AM_TESTS_ENVIRONMENT) $(LOG_DRIVER) --test-name tests/crash --color-tests no \
		--expect-failure no --enable-hard-errors yes --log-file tests/crash.log \
		--trs-file tests/crash.trs -- ./tests/crash
.PHONY: check-programs check-units check-interop check-crash
