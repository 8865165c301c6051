# Validation on a network of its own: namespaces, real DNS, counted packets (tests/lab.sh).
lab_tests = tests/validation_dns.sh tests/validation_http.sh tests/validation_load.sh

# For when acme/ offers tls-alpn-01 and asks for CAA records.
lab_waiting = tests/validation_caa.sh tests/validation_tls_alpn.sh

TESTS += $(lab_tests)
dist_check_SCRIPTS += $(lab_tests) $(lab_waiting)
EXTRA_DIST += tests/acme_client.py tests/lab.sh tests/lab_client.py tests/lab_dns.py \
	tests/lab_dns.sh tests/lab_keytrap.py tests/lab_web.py
