# Profiles and the dated limits of the CA/Browser Forum.
unit_tests += tests/test_dated
tests_test_dated_SOURCES = tests/test_dated.c tests/tap.h
tests_test_dated_LDADD = $(ACME)

profile_tests = tests/acme_profiles
tests_acme_profiles_SOURCES = tests/acme_profiles.c $(bind_sources)
tests_acme_profiles_LDADD = $(CLIENT)
wire_tests += $(profile_tests)
