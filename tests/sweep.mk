# Clean-up: its rules, over the wire, and how large a store gets in a year.
unit_tests += tests/test_sweep
tests_test_sweep_SOURCES = tests/test_sweep.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_sweep_LDADD = $(ACME)
