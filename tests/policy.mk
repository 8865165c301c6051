# The rules for names: by tables, over the wire, on the command line, and as docs/policy.md
# shows them.
unit_tests += tests/test_names tests/test_policy
tests_test_names_SOURCES = tests/test_names.c tests/tap.h
tests_test_names_LDADD = $(ACME)
tests_test_policy_SOURCES = tests/test_policy.c tests/tap.h
tests_test_policy_LDADD = $(ACME)

policy_tests = tests/acme_policy tests/acme_policy_cli
tests_acme_policy_SOURCES = tests/acme_policy.c tests/attack.c tests/attack.h $(client_sources)
tests_acme_policy_LDADD = $(CLIENT)
tests_acme_policy_cli_SOURCES = tests/acme_policy_cli.c $(client_sources)
tests_acme_policy_cli_LDADD = $(STORE) $(OPENSSL_LIBS)
wire_tests += $(policy_tests)

dist_check_SCRIPTS += tests/policy_doc.sh
EXTRA_DIST += docs/policy.md
TESTS += tests/policy_doc.sh
