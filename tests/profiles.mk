# Profiles and the dated limits of the CA/Browser Forum.
unit_tests += tests/test_dated
tests_test_dated_SOURCES = tests/test_dated.c tests/tap.h
tests_test_dated_LDADD = $(ACME)

profile_tests = tests/acme_dated tests/acme_overtaken tests/acme_persisted \
	tests/acme_profile_life tests/acme_profiles
profiled_sources = tests/profiled.c tests/profiled.h $(bind_sources)
tests_acme_dated_SOURCES = tests/acme_dated.c $(profiled_sources)
tests_acme_dated_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_overtaken_SOURCES = tests/acme_overtaken.c $(profiled_sources)
tests_acme_overtaken_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_persisted_SOURCES = tests/acme_persisted.c tests/fake_dns.c tests/fake_dns.h \
	tests/trial.c tests/trial.h $(profiled_sources)
tests_acme_persisted_LDADD = $(TRIAL)
tests_acme_profile_life_SOURCES = tests/acme_profile_life.c $(profiled_sources)
tests_acme_profile_life_LDADD = $(CLIENT)
tests_acme_profiles_SOURCES = tests/acme_profiles.c $(profiled_sources)
tests_acme_profiles_LDADD = $(CLIENT)
wire_tests += $(profile_tests)

# The program as it is, under libfaketime; and what docs/profiles.md shows.
dist_check_SCRIPTS += tests/dated.sh tests/profiles_doc.sh
EXTRA_DIST += tests/dated_client.py docs/profiles.md
TESTS += tests/dated.sh tests/profiles_doc.sh
