# Directories beside the default one, and the webhook.
hook_sources = tests/fake_dns.c tests/fake_dns.h tests/fake_hook.c tests/fake_hook.h \
	tests/hooked.c tests/hooked.h $(bind_sources)
place_sources = tests/places.c tests/places.h $(bind_sources)
directory_tests = tests/acme_directories tests/acme_directory_life tests/acme_directory_rules \
	tests/acme_hook tests/acme_hook_life
tests_acme_directories_SOURCES = tests/acme_directories.c $(place_sources)
tests_acme_directories_LDADD = $(CLIENT)
tests_acme_directory_life_SOURCES = tests/acme_directory_life.c $(place_sources)
tests_acme_directory_life_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_directory_rules_SOURCES = tests/acme_directory_rules.c $(place_sources)
tests_acme_directory_rules_LDADD = $(CLIENT)
tests_acme_hook_life_SOURCES = tests/acme_hook_life.c $(hook_sources)
tests_acme_hook_life_LDADD = $(CLIENT) -lresolv
tests_acme_hook_SOURCES = tests/acme_hook.c $(hook_sources)
tests_acme_hook_LDADD = $(CLIENT) -lresolv
wire_tests += $(directory_tests)

unit_tests += tests/test_sections
tests_test_sections_SOURCES = tests/test_sections.c tests/tap.h
tests_test_sections_LDADD = $(SERVER)

# What the pages show is tried.
TESTS += tests/directories_doc.sh
dist_check_SCRIPTS += tests/directories_doc.sh
EXTRA_DIST += docs/directories.md docs/webhook.md
