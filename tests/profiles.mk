# Profiles and the dated limits of the CA/Browser Forum.
unit_tests += tests/test_dated
tests_test_dated_SOURCES = tests/test_dated.c tests/tap.h
tests_test_dated_LDADD = $(ACME)
