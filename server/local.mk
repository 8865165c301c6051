noinst_LIBRARIES += libserver.a
libserver_a_SOURCES = server/admin.c server/admin.h server/cli.c server/cli.h \
	server/cli_account.c server/cli_admin.c server/cli_check.c server/cli_clock.c \
	server/cli_eab.c \
	server/cli_eab.h server/cli_eab_clients.c server/cli_eab_show.c \
	server/cli_incident.c server/cli_init.c server/cli_limit.c server/cli_pause.c \
	server/cli_pause.h server/cli_policy.c \
	server/cli_renewals.c server/cli_serve.c server/cli_show.c \
	server/cli_simulate.c server/config.c server/config.h server/edge.c server/edge.h \
	server/head.c server/head.h server/http.c server/http.h server/listen.c \
	server/listen.h server/metrics.c server/metrics.h server/option_types.c server/options.c \
	server/options.h server/reload.c server/serve.h server/settings.c \
	server/settings.h server/simulate.c server/simulate.h server/simulate_draw.c \
	server/snapshot.c server/snapshot.h server/snapshot_directory.c \
	server/snapshot_profile.c server/snapshot_validation.c server/snapshot_webhook.c \
	server/threads.c server/threads.h server/tls.c server/tls.h server/values.c \
	server/values.h

bin_PROGRAMS += brevet
brevet_SOURCES = server/main.c
brevet_LDADD = $(SERVER)

unit_tests += tests/test_head
tests_test_head_SOURCES = tests/test_head.c tests/tap.h
tests_test_head_LDADD = $(SERVER)

unit_tests += tests/test_defaults
tests_test_defaults_SOURCES = tests/test_defaults.c tests/tap.h
tests_test_defaults_LDADD = $(SERVER)
EXTRA_DIST += docs/limits.md

unit_tests += tests/test_config
tests_test_config_SOURCES = tests/test_config.c tests/tap.h
tests_test_config_LDADD = $(SERVER)

# A fuzz target replays its corpus in "make check".
unit_tests += tests/fuzz_http
tests_fuzz_http_SOURCES = tests/fuzz_http.c tests/fuzz_main.c tests/tap.h
tests_fuzz_http_LDADD = $(SERVER)
EXTRA_DIST += tests/corpus/http/bad_second tests/corpus/http/barelf \
	tests/corpus/http/chunked tests/corpus/http/expect tests/corpus/http/get \
	tests/corpus/http/head10 tests/corpus/http/hosts tests/corpus/http/lengths \
	tests/corpus/http/pipelined
