# Tests of the whole server, from outside: they link nothing of it but base/.  They start
# ./brevet, or $BREVET.
CLIENT = libbase.a $(OPENSSL_LIBS) $(JANSSON_LIBS)
client_sources = tests/chain.c tests/chain.h tests/client.c tests/client.h \
	tests/command.c tests/command.h tests/ports.c tests/responder.c tests/rules.c \
	tests/scene.c tests/scene.h tests/sign.c tests/sign.h tests/stage.c tests/stage.h \
	tests/stored.h tests/tap.h tests/wire.c tests/wire.h

wire_tests = tests/acme_account tests/acme_clock tests/acme_flow tests/acme_full \
	tests/acme_given tests/acme_hold tests/acme_life tests/acme_nonce tests/acme_operator \
	tests/acme_pause tests/acme_points tests/acme_rates tests/acme_reload tests/acme_throttle \
	tests/acme_wrong
tests_acme_account_SOURCES = tests/acme_account.c $(client_sources)
tests_acme_account_LDADD = $(CLIENT)
tests_acme_clock_SOURCES = tests/acme_clock.c $(client_sources)
tests_acme_clock_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_flow_SOURCES = tests/acme_flow.c $(client_sources)
tests_acme_flow_LDADD = $(CLIENT)
tests_acme_full_SOURCES = tests/acme_full.c $(client_sources)
tests_acme_full_LDADD = $(CLIENT)
tests_acme_given_SOURCES = tests/acme_given.c tests/bind.c tests/bind.h tests/limited.c \
	tests/limited.h $(client_sources)
tests_acme_given_LDADD = $(CLIENT)
tests_acme_hold_SOURCES = tests/acme_hold.c $(client_sources)
tests_acme_hold_LDADD = $(CLIENT)
tests_acme_life_SOURCES = tests/acme_life.c $(client_sources)
tests_acme_life_LDADD = $(CLIENT)
tests_acme_nonce_SOURCES = tests/acme_nonce.c $(client_sources)
tests_acme_nonce_LDADD = $(CLIENT)
tests_acme_operator_SOURCES = tests/acme_operator.c $(client_sources)
tests_acme_operator_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_points_SOURCES = tests/acme_points.c $(client_sources)
tests_acme_points_LDADD = $(CLIENT)
tests_acme_pause_SOURCES = tests/acme_pause.c tests/limited.c tests/limited.h \
	$(client_sources)
tests_acme_pause_LDADD = $(CLIENT)
tests_acme_rates_SOURCES = tests/acme_rates.c tests/limited.c tests/limited.h \
	$(client_sources)
tests_acme_rates_LDADD = $(CLIENT)
tests_acme_reload_SOURCES = tests/acme_reload.c $(client_sources)
tests_acme_reload_LDADD = $(CLIENT)
tests_acme_throttle_SOURCES = tests/acme_throttle.c tests/limited.c tests/limited.h \
	$(client_sources)
tests_acme_throttle_LDADD = $(CLIENT)
tests_acme_wrong_SOURCES = tests/acme_wrong.c tests/wrong.h tests/wrong_csr.c \
	tests/wrong_make.c tests/wrong_table.c $(client_sources)
tests_acme_wrong_LDADD = $(CLIENT)

# Kills the server at random moments; tests/run gives it its rounds.
tests_crash_SOURCES = tests/ari.c tests/ari.h tests/bind.c tests/bind.h tests/crash.c \
	tests/crash.h tests/crash_books.c tests/crash_books.h tests/crash_incident.c \
	tests/crash_load.c tests/crash_look.c tests/crash_renew.c $(client_sources)
tests_crash_LDADD = $(STORE) $(OPENSSL_LIBS)

check_PROGRAMS += $(wire_tests) tests/crash
TESTS += $(wire_tests)
