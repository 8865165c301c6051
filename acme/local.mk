noinst_LIBRARIES += libacme.a
libacme_a_SOURCES = acme/account.c acme/acme.h acme/ahead.c acme/answer.c acme/answer.h acme/authz.c \
	acme/authz.h acme/binding.c acme/cert.c acme/certid.c acme/certid.h \
	acme/challenge.c acme/contact.c acme/contact.h acme/count.c acme/count.h \
	acme/crljob.c acme/dated.c acme/dated.h acme/directory.c acme/dispatch.c \
	acme/eab.c acme/eab.h acme/explain.c acme/family.c acme/files.c \
	acme/finalize.c acme/help.c \
	acme/hook.c acme/hook.h acme/incident.c acme/incident.h acme/incident_find.c \
	acme/incident_set.c acme/incident_show.c acme/inspect.c acme/inspect_cert.c \
	acme/issue.c acme/issue.h \
	acme/jobs.c acme/jobs.h acme/jwk.c acme/jwk.h acme/jws.c acme/jws.h \
	acme/keychange.c acme/limit_set.c acme/limits.c acme/limits.h acme/local.c \
	acme/local.h acme/method.c acme/newaccount.c acme/newauthz.c acme/neworder.c \
	acme/nonce.c acme/nonce.h acme/offer.c acme/offer.h acme/operator.c \
	acme/operator.h acme/operator_revoke.c acme/order.c acme/order.h acme/own.c \
	acme/pause.c acme/pause.h acme/plan.c acme/plan.h acme/policy.c acme/policy.h \
	acme/profile.c acme/profile.h acme/rate.c acme/rate.h acme/recheck.c \
	acme/recheck.h acme/renewal.c acme/renewal.h acme/renewalinfo.c acme/replaces.c \
	acme/replaces.h acme/reply.c acme/reply.h acme/revoke.c acme/revoke.h \
	acme/routes.c acme/routes.h acme/seat.c acme/seat.h acme/show.c acme/show.h \
	acme/simulate.c acme/simulate.h acme/simulate_client.c acme/status.c acme/status.h \
	acme/sweep.c acme/sweep.h acme/sweep_apply.c acme/sweep_look.c acme/sweep_plan.c \
	acme/sweep_rules.c acme/sweep_rules.h acme/terms.c acme/terms.h acme/throttle.c acme/throttle.h \
	acme/toll.c acme/toll.h acme/validate.c acme/verdict.c acme/verdict.h acme/wait.c \
	acme/where.c acme/where.h acme/where_holds.c

unit_tests += tests/test_status tests/test_nonce tests/test_jwk tests/test_rate \
	tests/test_throttle
tests_test_rate_SOURCES = tests/test_rate.c tests/tap.h
tests_test_rate_LDADD = $(ACME)
tests_test_throttle_SOURCES = tests/test_throttle.c tests/tap.h
tests_test_throttle_LDADD = $(ACME)
tests_test_jwk_SOURCES = tests/test_jwk.c tests/tap.h
tests_test_jwk_LDADD = $(ACME)
tests_test_status_SOURCES = tests/test_status.c tests/tap.h
tests_test_status_LDADD = $(ACME)
tests_test_nonce_SOURCES = tests/test_nonce.c tests/tap.h
tests_test_nonce_LDADD = $(ACME)
