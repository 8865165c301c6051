# Profiles and the dated limits of the CA/Browser Forum.
unit_tests += tests/test_dated
tests_test_dated_SOURCES = tests/test_dated.c tests/tap.h
tests_test_dated_LDADD = $(ACME)

profile_tests = tests/acme_dated tests/acme_profiles
facts_sources = tests/facts.c tests/facts.h
tests_acme_dated_SOURCES = tests/acme_dated.c $(facts_sources) $(attack_sources)
tests_acme_dated_LDADD = $(CLIENT)
tests_acme_profiles_SOURCES = tests/acme_profiles.c $(facts_sources) $(bind_sources)
tests_acme_profiles_LDADD = $(CLIENT)
wire_tests += $(profile_tests)

# The program as it is, under libfaketime.
dist_check_SCRIPTS += tests/dated.sh
EXTRA_DIST += tests/dated_client.py docs/profiles.md
TESTS += tests/dated.sh
