# One account with many validations that hang.
wire_tests += tests/acme_crowd
tests_acme_crowd_SOURCES = tests/acme_crowd.c $(trial_sources)
tests_acme_crowd_LDADD = $(TRIAL)
