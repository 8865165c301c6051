# Directories beside the default one, and the webhook.
hook_sources = tests/fake_dns.c tests/fake_dns.h tests/fake_hook.c tests/fake_hook.h \
	$(bind_sources)
directory_tests = tests/acme_hook
tests_acme_hook_SOURCES = tests/acme_hook.c $(hook_sources)
tests_acme_hook_LDADD = $(CLIENT) -lresolv
wire_tests += $(directory_tests)
