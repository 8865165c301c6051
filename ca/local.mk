noinst_LIBRARIES += libca.a
libca_a_SOURCES = ca/ca.h ca/cert.c ca/cert.h ca/crl.c ca/csr.c ca/der.c ca/der.h \
	ca/extension.c ca/extension.h ca/issuer.c ca/issuer.h ca/key.c ca/key.h \
	ca/keycheck.c ca/leaf.c ca/make.c ca/names.c ca/names.h ca/weaklist.c

unit_tests += tests/test_key tests/test_csr tests/test_issuer tests/test_leaf \
	tests/test_crl tests/fuzz_csr
tests_test_key_SOURCES = tests/test_key.c tests/csr_make.h tests/tap.h
tests_test_key_LDADD = $(CA)
tests_test_csr_SOURCES = tests/test_csr.c tests/csr_make.h tests/tap.h
tests_test_csr_LDADD = $(CA)
tests_test_issuer_SOURCES = tests/test_issuer.c tests/issuer_make.h tests/csr_make.h \
	tests/tap.h
tests_test_issuer_LDADD = $(CA)
tests_test_leaf_SOURCES = tests/test_leaf.c tests/issuer_make.h tests/csr_make.h tests/tap.h
tests_test_leaf_LDADD = $(CA)
tests_test_crl_SOURCES = tests/test_crl.c tests/issuer_make.h tests/csr_make.h tests/tap.h
tests_test_crl_LDADD = $(CA)

# A fuzz target replays its corpus in "make check".
tests_fuzz_csr_SOURCES = tests/fuzz_csr.c tests/fuzz_main.c tests/csr_make.h tests/tap.h
tests_fuzz_csr_LDADD = $(CA)
EXTRA_DIST += tests/corpus/csr/attributes.der tests/corpus/csr/bad_ms_request.der \
	tests/corpus/csr/bad_nul.der tests/corpus/csr/bad_other_name.der \
	tests/corpus/csr/bad_trailing.der tests/corpus/csr/bad_two_requests.der \
	tests/corpus/csr/bad_visible_string.der tests/corpus/csr/common_name.der \
	tests/corpus/csr/extensions.der tests/corpus/csr/name.der \
	tests/corpus/csr/subject.der tests/corpus/csr/wildcard_ip.der
