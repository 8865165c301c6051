# Validation over the wire: a server that asks a DNS server of ours.
trial_sources = tests/fake_dns.c tests/fake_dns.h tests/trial.c tests/trial.h $(attack_sources)
TRIAL = $(STORE) $(OPENSSL_LIBS) $(JANSSON_LIBS) -lresolv

trial_tests = tests/acme_caa tests/acme_validation
tests_acme_caa_SOURCES = tests/acme_caa.c $(trial_sources)
tests_acme_caa_LDADD = $(TRIAL)
tests_acme_validation_SOURCES = tests/acme_validation.c $(trial_sources)
tests_acme_validation_LDADD = $(TRIAL)
wire_tests += $(trial_tests)
