EXTRA_DIST += docs/storage.md

# Clean-up: its rules, over the wire, and how large a store gets in a year.
sweep_sources = tests/sweep_make.h tests/store_make.h tests/tap.h tests/sample.h
unit_tests += tests/test_sweep tests/test_sweep_certs tests/test_sweep_plan tests/test_ends \
	tests/test_readers
tests_test_sweep_SOURCES = tests/test_sweep.c $(sweep_sources)
tests_test_sweep_LDADD = $(ACME)
tests_test_sweep_certs_SOURCES = tests/test_sweep_certs.c $(sweep_sources)
tests_test_sweep_certs_LDADD = $(ACME)
tests_test_sweep_plan_SOURCES = tests/test_sweep_plan.c tests/unpack.h $(sweep_sources)
tests_test_sweep_plan_LDADD = $(ACME)
tests_test_ends_SOURCES = tests/test_ends.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_ends_LDADD = $(STORE)
tests_test_readers_SOURCES = tests/test_readers.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_readers_LDADD = $(STORE)

wire_tests += tests/acme_sweep
tests_acme_sweep_SOURCES = tests/acme_sweep.c tests/limited.c tests/limited.h $(client_sources)
tests_acme_sweep_LDADD = $(STORE) $(OPENSSL_LIBS)

unit_tests += tests/growth
tests_growth_SOURCES = tests/growth.c tests/tap.h tests/sample.h
tests_growth_LDADD = $(ACME)
