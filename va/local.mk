noinst_LIBRARIES += libva.a
libva_a_SOURCES = va/addr.c va/addr.h va/ask.c va/caa.c va/dial.c va/dial.h va/dns01.c \
	va/dnsaccount01.c va/dnspersist01.c va/engine.h va/fetch.c va/fetch.h \
	va/hosts.c va/hosts.h va/http01.c va/issue.c va/issue.h va/local.h \
	va/options.c va/packet.c va/packet.h va/post.c va/record.c va/record.h \
	va/resolve.c va/resolve.h va/shake.c va/shake.h va/stub.c va/target.c \
	va/target.h va/tlsalpn01.c va/unbound.c va/va.h

unit_tests += tests/test_addr tests/test_alpn tests/test_caa tests/test_http01 tests/test_silence \
	tests/test_lines tests/test_stub tests/test_turn tests/test_txt tests/test_va
tests_test_addr_SOURCES = tests/test_addr.c tests/tap.h
tests_test_addr_LDADD = $(VA)
tests_test_alpn_SOURCES = tests/test_alpn.c tests/fake_alpn.c tests/fake_alpn.h \
	tests/fake_dns.c tests/fake_dns.h tests/tap.h tests/validate.c tests/validate.h
tests_test_alpn_LDADD = $(VA)
tests_test_caa_SOURCES = tests/test_caa.c tests/fake_dns.c tests/fake_dns.h tests/tap.h
tests_test_caa_LDADD = $(VA)
tests_test_http01_SOURCES = tests/test_http01.c tests/fake_dns.c tests/fake_dns.h \
	tests/fake_web.c tests/fake_web.h tests/wrong_web.c tests/wrong_web.h tests/tap.h
tests_test_http01_LDADD = $(VA)
tests_test_silence_SOURCES = tests/test_silence.c tests/fake_dns.c tests/fake_dns.h tests/tap.h \
	tests/validate.c tests/validate.h
tests_test_silence_LDADD = $(VA)
tests_test_stub_SOURCES = tests/test_stub.c tests/fake_dns.c tests/fake_dns.h tests/tap.h
tests_test_stub_LDADD = $(VA)
tests_test_lines_SOURCES = tests/test_lines.c tests/tap.h
tests_test_lines_LDADD = $(BASE)
tests_test_turn_SOURCES = tests/test_turn.c tests/fake_web.c tests/fake_web.h tests/tap.h
tests_test_turn_LDADD = $(VA)
tests_test_txt_SOURCES = tests/test_txt.c tests/fake_dns.c tests/fake_dns.h tests/tap.h \
	tests/validate.c tests/validate.h
tests_test_txt_LDADD = $(VA)
tests_test_va_SOURCES = tests/test_va.c tests/fake_dns.c tests/fake_dns.h \
	tests/fake_web.c tests/fake_web.h tests/validate.c tests/validate.h \
	tests/wrong_web.c tests/wrong_web.h tests/tap.h
tests_test_va_LDADD = $(VA)

# A fuzz target replays its corpus in "make check".
unit_tests += tests/fuzz_dns
tests_fuzz_dns_SOURCES = tests/fuzz_dns.c tests/fuzz_main.c tests/tap.h
tests_fuzz_dns_LDADD = $(VA)
EXTRA_DIST += tests/corpus/dns/a tests/corpus/dns/aaaa_secure tests/corpus/dns/bad_a \
	tests/corpus/dns/bad_count tests/corpus/dns/bad_label tests/corpus/dns/bad_length \
	tests/corpus/dns/bad_option_length tests/corpus/dns/bad_pointer_forward \
	tests/corpus/dns/bad_pointer_header tests/corpus/dns/bad_pointer_self \
	tests/corpus/dns/bad_query tests/corpus/dns/bad_tail tests/corpus/dns/bad_too_long \
	tests/corpus/dns/bad_two_options tests/corpus/dns/bad_txt tests/corpus/dns/badvers \
	tests/corpus/dns/caa tests/corpus/dns/caa_value tests/corpus/dns/cname \
	tests/corpus/dns/cname_circle tests/corpus/dns/long_name \
	tests/corpus/dns/nxdomain_soa tests/corpus/dns/servfail_error \
	tests/corpus/dns/truncated tests/corpus/dns/txt_two_strings
