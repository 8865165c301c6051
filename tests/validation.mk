# Validation over the wire: a server that asks a DNS server of ours.
trial_sources = tests/fake_dns.c tests/fake_dns.h tests/trial.c tests/trial.h $(attack_sources)
fake_alpn_sources = tests/fake_alpn.c tests/fake_alpn.h
fake_web_sources = tests/fake_web.c tests/fake_web.h
TRIAL = $(STORE) $(OPENSSL_LIBS) $(JANSSON_LIBS) -lresolv

trial_tests = tests/acme_caa tests/acme_evidence tests/acme_hole tests/acme_methods \
	tests/acme_offer tests/acme_recheck tests/acme_stop tests/acme_validation
tests_acme_caa_SOURCES = tests/acme_caa.c $(trial_sources)
tests_acme_caa_LDADD = $(TRIAL)
tests_acme_evidence_SOURCES = tests/acme_evidence.c $(fake_web_sources) $(trial_sources)
tests_acme_evidence_LDADD = $(TRIAL)
tests_acme_hole_SOURCES = tests/acme_hole.c $(trial_sources)
tests_acme_hole_LDADD = $(TRIAL)
tests_acme_methods_SOURCES = tests/acme_methods.c $(fake_alpn_sources) $(fake_web_sources) \
	$(trial_sources)
tests_acme_methods_LDADD = $(TRIAL)
tests_acme_offer_SOURCES = tests/acme_offer.c tests/bind.c tests/bind.h $(fake_alpn_sources) \
	$(trial_sources)
tests_acme_offer_LDADD = $(TRIAL)
tests_acme_recheck_SOURCES = tests/acme_recheck.c $(trial_sources)
tests_acme_recheck_LDADD = $(TRIAL)
tests_acme_stop_SOURCES = tests/acme_stop.c $(trial_sources)
tests_acme_stop_LDADD = $(TRIAL)
tests_acme_validation_SOURCES = tests/acme_validation.c $(trial_sources)
tests_acme_validation_LDADD = $(TRIAL)
wire_tests += $(trial_tests)
