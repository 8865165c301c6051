noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = base/arena.c base/arena.h base/b64.c base/b64.h base/clock.c \
	base/clock.h base/defer.h base/dnsname.c base/dnsname.h base/fault.c base/fault.h base/flow.c base/flow.h \
	base/ident.c base/ident.h base/json.c base/json.h base/lane.c base/lane.h \
	base/log.c base/log.h base/loop.c base/loop.h base/metric.c base/metric.h \
	base/network.c base/network.h base/pool.c base/pool.h base/problem.c base/problem.h \
	base/rand.c base/rand.h base/turn.c base/turn.h

unit_tests += tests/test_base
tests_test_base_SOURCES = tests/test_base.c tests/tap.h
tests_test_base_LDADD = $(BASE)

unit_tests += tests/test_flow
tests_test_flow_SOURCES = tests/test_flow.c tests/tap.h
tests_test_flow_LDADD = $(BASE)
