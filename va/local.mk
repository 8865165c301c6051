noinst_LIBRARIES += libva.a
libva_a_SOURCES = va/addr.c va/addr.h va/ask.c va/caa.c va/dns01.c va/engine.h va/fetch.c \
	va/fetch.h va/hosts.c va/hosts.h va/http01.c va/issue.c va/issue.h va/local.h \
	va/options.c va/packet.c va/packet.h va/record.c va/record.h va/resolve.c \
	va/resolve.h va/stub.c va/target.c va/target.h va/unbound.c va/va.h

unit_tests += tests/test_addr tests/test_caa tests/test_stub tests/test_va
tests_test_addr_SOURCES = tests/test_addr.c tests/tap.h
tests_test_addr_LDADD = $(VA)
tests_test_caa_SOURCES = tests/test_caa.c tests/fake_dns.c tests/fake_dns.h tests/tap.h
tests_test_caa_LDADD = $(VA)
tests_test_stub_SOURCES = tests/test_stub.c tests/fake_dns.c tests/fake_dns.h tests/tap.h
tests_test_stub_LDADD = $(VA)
tests_test_va_SOURCES = tests/test_va.c tests/fake_dns.c tests/fake_dns.h \
	tests/fake_web.c tests/fake_web.h tests/tap.h
tests_test_va_LDADD = $(VA)
