EXTRA_DIST += docs/storage.md

# Clean-up: its rules, over the wire, and how large a store gets in a year.
unit_tests += tests/test_sweep
tests_test_sweep_SOURCES = tests/test_sweep.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_sweep_LDADD = $(ACME)

wire_tests += tests/acme_sweep
tests_acme_sweep_SOURCES = tests/acme_sweep.c tests/limited.c tests/limited.h $(client_sources)
tests_acme_sweep_LDADD = $(STORE) $(OPENSSL_LIBS)

unit_tests += tests/growth
tests_growth_SOURCES = tests/growth.c tests/tap.h tests/sample.h
tests_growth_LDADD = $(ACME)
