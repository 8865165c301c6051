# Incidents: the language that picks certificates, and what becomes of these over the wire.
unit_tests += tests/test_incident tests/test_where tests/fuzz_where
tests_test_incident_SOURCES = tests/test_incident.c tests/sample.h tests/store_make.h tests/tap.h
tests_test_incident_LDADD = $(ACME)
tests_test_where_SOURCES = tests/test_where.c tests/tap.h
tests_test_where_LDADD = $(ACME)
tests_fuzz_where_SOURCES = tests/fuzz_where.c tests/fuzz_main.c tests/tap.h
tests_fuzz_where_LDADD = $(ACME)
EXTRA_DIST += docs/incidents.md tests/corpus/where/between tests/corpus/where/chain tests/corpus/where/deep \
	tests/corpus/where/high tests/corpus/where/ids tests/corpus/where/key \
	tests/corpus/where/names tests/corpus/where/nested tests/corpus/where/nul \
	tests/corpus/where/quote tests/corpus/where/times

incident_sources = tests/ari.c tests/ari.h tests/incidents.c tests/incidents.h $(place_sources)
incident_tests = tests/acme_incident tests/acme_incident_cli tests/acme_incident_crash
tests_acme_incident_SOURCES = tests/acme_incident.c $(incident_sources)
tests_acme_incident_LDADD = $(CLIENT)
tests_acme_incident_cli_SOURCES = tests/acme_incident_cli.c $(incident_sources)
tests_acme_incident_cli_LDADD = $(CLIENT)
tests_acme_incident_crash_SOURCES = tests/acme_incident_crash.c tests/incident_rows.c \
	tests/incident_rows.h $(client_sources)
tests_acme_incident_crash_LDADD = $(STORE) $(OPENSSL_LIBS)
wire_tests += $(incident_tests)
