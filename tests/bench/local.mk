# The load generator.  It shares the making of signatures with the tests.
bin_PROGRAMS += brevet-bench
brevet_bench_SOURCES = tests/bench/account.c tests/bench/account.h tests/bench/alpn.c \
	tests/bench/alpn.h tests/bench/answer.c tests/bench/answer.h tests/bench/bench.h \
	tests/bench/dns.c tests/bench/dns.h tests/bench/idle.c tests/bench/leaf.c \
	tests/bench/leaf.h tests/bench/listen.c tests/bench/listen.h tests/bench/main.c \
	tests/bench/names.c tests/bench/names.h tests/bench/options.c tests/bench/options.h \
	tests/bench/order.c tests/bench/peer.c tests/bench/peer.h tests/bench/process.c \
	tests/bench/process.h tests/bench/report.c tests/bench/respond.c \
	tests/bench/respond.h tests/bench/run.c tests/bench/slow.c tests/bench/stats.c \
	tests/bench/stats.h tests/bench/table.c tests/bench/table.h tests/bench/target.c \
	tests/bench/target.h tests/bench/web.c tests/bench/web.h tests/bench/worker.c \
	tests/sign.c tests/sign.h
brevet_bench_LDADD = $(BASE) $(OPENSSL_LIBS)
dist_man_MANS = tests/bench/brevet-bench.1

unit_tests += tests/bench/test_bench
tests_bench_test_bench_SOURCES = tests/bench/test_bench.c tests/bench/answer.c \
	tests/bench/answer.h tests/bench/leaf.c tests/bench/leaf.h tests/bench/options.h \
	tests/tap.h
tests_bench_test_bench_LDADD = $(BASE) $(OPENSSL_LIBS)

dist_check_SCRIPTS += tests/bench.sh
TESTS += tests/bench.sh
