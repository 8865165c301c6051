# Who should have renewed by now: the list, the gauges, and real clients that renew by ARI.
renewing_sources = tests/renewing.c tests/renewing.h $(bind_sources)
unit_tests += tests/test_family
tests_test_family_SOURCES = tests/test_family.c tests/tap.h
tests_test_family_LDADD = $(ACME)

renewals_tests = tests/acme_overdue tests/acme_renewals
tests_acme_overdue_SOURCES = tests/acme_overdue.c $(renewing_sources)
tests_acme_overdue_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_renewals_SOURCES = tests/acme_renewals.c tests/ari.c tests/ari.h $(renewing_sources)
tests_acme_renewals_LDADD = $(CLIENT)
wire_tests += $(renewals_tests)
