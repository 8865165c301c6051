# Validation on a network of its own: namespaces, real DNS, counted packets (tests/lab.sh).
lab_tests = tests/validation_caa.sh tests/validation_dns.sh tests/validation_http.sh \
	tests/validation_load.sh tests/validation_tls_alpn.sh

TESTS += $(lab_tests)
dist_check_SCRIPTS += $(lab_tests)
EXTRA_DIST += tests/acme_client.py tests/lab.sh tests/lab_client.py tests/lab_dns.py \
	tests/lab_dns.sh tests/lab_keytrap.py tests/lab_web.py
