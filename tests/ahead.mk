# A clock that was ahead, and is set right.
unit_tests += tests/test_ahead
tests_test_ahead_SOURCES = tests/test_ahead.c tests/sample.h tests/store_make.h tests/tap.h
tests_test_ahead_LDADD = $(ACME)

wire_tests += tests/acme_ahead
tests_acme_ahead_SOURCES = tests/acme_ahead.c tests/limited.c tests/limited.h \
	tests/stored.h $(ari_sources)
tests_acme_ahead_LDADD = $(STORE) $(OPENSSL_LIBS)
