noinst_LIBRARIES += libva.a
libva_a_SOURCES = va/addr.c va/addr.h va/ask.c va/dns01.c va/fetch.c va/fetch.h \
	va/hosts.c va/hosts.h va/http01.c va/local.h va/options.c va/post.c va/resolve.c \
	va/resolve.h va/target.c va/target.h va/va.h

unit_tests += tests/test_addr tests/test_va
tests_test_addr_SOURCES = tests/test_addr.c tests/tap.h
tests_test_addr_LDADD = $(VA)
tests_test_va_SOURCES = tests/test_va.c tests/fake_dns.c tests/fake_dns.h \
	tests/fake_web.c tests/fake_web.h tests/tap.h
tests_test_va_LDADD = $(VA)
