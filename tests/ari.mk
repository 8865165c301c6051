# Renewal information (RFC 9773).
ari_sources = tests/ari.c tests/ari.h $(client_sources)
ari_tests = tests/acme_ari tests/acme_ari_bound tests/acme_ari_gone tests/acme_ari_limits \
	tests/acme_ari_plan tests/acme_ari_points
tests_acme_ari_SOURCES = tests/acme_ari.c $(ari_sources)
tests_acme_ari_LDADD = $(CLIENT)
tests_acme_ari_bound_SOURCES = tests/acme_ari_bound.c tests/ari.c tests/ari.h $(place_sources)
tests_acme_ari_bound_LDADD = $(CLIENT)
tests_acme_ari_gone_SOURCES = tests/acme_ari_gone.c tests/ari.c tests/ari.h tests/profiled.c \
	tests/profiled.h $(place_sources)
tests_acme_ari_gone_LDADD = $(CLIENT)
tests_acme_ari_limits_SOURCES = tests/acme_ari_limits.c tests/limited.c tests/limited.h \
	$(ari_sources)
tests_acme_ari_limits_LDADD = $(CLIENT)
tests_acme_ari_plan_SOURCES = tests/acme_ari_plan.c $(ari_sources)
tests_acme_ari_plan_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_ari_points_SOURCES = tests/acme_ari_points.c $(ari_sources)
tests_acme_ari_points_LDADD = $(STORE) $(OPENSSL_LIBS)
wire_tests += $(ari_tests)

unit_tests += tests/fuzz_certid tests/test_certid
tests_fuzz_certid_SOURCES = tests/fuzz_certid.c tests/fuzz_main.c tests/tap.h
tests_fuzz_certid_LDADD = $(ACME)
EXTRA_DIST += tests/corpus/certid/bare tests/corpus/certid/dots tests/corpus/certid/high \
	tests/corpus/certid/long tests/corpus/certid/none tests/corpus/certid/nul \
	tests/corpus/certid/ours tests/corpus/certid/rfc tests/corpus/certid/short \
	tests/corpus/certid/spare tests/corpus/certid/zeros
tests_test_certid_SOURCES = tests/test_certid.c tests/tap.h
tests_test_certid_LDADD = $(ACME)
EXTRA_DIST += docs/ari.md
