# Attacks on the whole server, from outside (tests/attack.h says how they are named), and
# what the RFC demands that no other test shows.
attack_sources = tests/attack.c tests/attack.h $(client_sources)

attack_tests = tests/acme_conform tests/acme_limits tests/attack_csr tests/attack_http \
	tests/attack_jose tests/attack_keys tests/attack_owner tests/attack_revoke tests/attack_rollover \
	tests/attack_state tests/attack_text tests/attack_tls tests/attack_url
tests_acme_conform_SOURCES = tests/acme_conform.c $(attack_sources)
tests_acme_conform_LDADD = $(CLIENT)
tests_acme_limits_SOURCES = tests/acme_limits.c $(attack_sources)
tests_acme_limits_LDADD = $(CLIENT) $(LMDB_LIBS)
tests_attack_csr_SOURCES = tests/attack_csr.c tests/csr_make.h $(attack_sources)
tests_attack_csr_LDADD = $(CLIENT)
tests_attack_http_SOURCES = tests/attack_http.c $(attack_sources)
tests_attack_http_LDADD = $(CLIENT)
tests_attack_jose_SOURCES = tests/attack_jose.c $(attack_sources)
tests_attack_jose_LDADD = $(CLIENT)
tests_attack_keys_SOURCES = tests/attack_keys.c tests/csr_make.h $(attack_sources)
tests_attack_keys_LDADD = $(CLIENT)
tests_attack_owner_SOURCES = tests/attack_owner.c $(attack_sources)
tests_attack_owner_LDADD = $(CLIENT)
tests_attack_revoke_SOURCES = tests/attack_revoke.c $(attack_sources)
tests_attack_revoke_LDADD = $(CLIENT)
tests_attack_rollover_SOURCES = tests/attack_rollover.c $(attack_sources)
tests_attack_rollover_LDADD = $(CLIENT)
tests_attack_state_SOURCES = tests/attack_state.c tests/fake_dns.c tests/fake_dns.h \
	$(attack_sources)
tests_attack_state_LDADD = $(CLIENT) -lresolv
tests_attack_text_SOURCES = tests/attack_text.c $(attack_sources)
tests_attack_text_LDADD = $(CLIENT)
tests_attack_tls_SOURCES = tests/attack_tls.c $(attack_sources)
tests_attack_tls_LDADD = $(CLIENT)
tests_attack_url_SOURCES = tests/attack_url.c $(attack_sources)
tests_attack_url_LDADD = $(CLIENT)
wire_tests += $(attack_tests)

# External account bindings.
bind_sources = tests/bind.c tests/bind.h $(attack_sources)
bind_tests = tests/acme_bound tests/acme_bound_end tests/acme_eab tests/acme_eab_cli \
	tests/attack_eab
tests_attack_eab_SOURCES = tests/attack_eab.c $(bind_sources)
tests_attack_eab_LDADD = $(CLIENT)
tests_acme_bound_end_SOURCES = tests/acme_bound_end.c $(bind_sources)
tests_acme_bound_end_LDADD = $(STORE) $(OPENSSL_LIBS)
tests_acme_eab_cli_SOURCES = tests/acme_eab_cli.c $(bind_sources)
tests_acme_eab_cli_LDADD = $(CLIENT)
tests_acme_bound_SOURCES = tests/acme_bound.c $(bind_sources)
tests_acme_bound_LDADD = $(CLIENT)
tests_acme_eab_SOURCES = tests/acme_eab.c $(bind_sources)
tests_acme_eab_LDADD = $(CLIENT)
wire_tests += $(bind_tests)

# A fuzz target replays its corpus in "make check".
attack_fuzzers = tests/fuzz_b64 tests/fuzz_head tests/fuzz_jwk tests/fuzz_jws \
	tests/fuzz_payload
tests_fuzz_b64_SOURCES = tests/fuzz_b64.c tests/fuzz_main.c tests/tap.h
tests_fuzz_b64_LDADD = $(BASE)
tests_fuzz_head_SOURCES = tests/fuzz_head.c tests/fuzz_main.c tests/tap.h
tests_fuzz_head_LDADD = $(SERVER)
tests_fuzz_jwk_SOURCES = tests/fuzz_jwk.c tests/fuzz_main.c tests/tap.h
tests_fuzz_jwk_LDADD = $(ACME)
tests_fuzz_jws_SOURCES = tests/fuzz_jws.c tests/fuzz_main.c tests/tap.h
tests_fuzz_jws_LDADD = $(ACME)
tests_fuzz_payload_SOURCES = tests/fuzz_payload.c tests/fuzz_main.c tests/tap.h
tests_fuzz_payload_LDADD = $(ACME)
unit_tests += $(attack_fuzzers)

EXTRA_DIST += docs/conformance.md \
	tests/corpus/b64/blank tests/corpus/b64/empty4 tests/corpus/b64/one_too_many \
	tests/corpus/b64/padded tests/corpus/b64/plus tests/corpus/b64/spare \
	tests/corpus/b64/text tests/corpus/b64/three tests/corpus/b64/two \
	tests/corpus/b64/url tests/corpus/head/bare_cr tests/corpus/head/bare_lf \
	tests/corpus/head/both tests/corpus/head/chunked tests/corpus/head/expect \
	tests/corpus/head/folded tests/corpus/head/get tests/corpus/head/http10 \
	tests/corpus/head/huge tests/corpus/head/lengths tests/corpus/head/many \
	tests/corpus/head/nul tests/corpus/head/options tests/corpus/head/post \
	tests/corpus/head/preface tests/corpus/head/space tests/corpus/head/two \
	tests/corpus/jwk/ec tests/corpus/jwk/more tests/corpus/jwk/oct \
	tests/corpus/jwk/okp tests/corpus/jwk/p384 tests/corpus/jwk/private \
	tests/corpus/jwk/rsa tests/corpus/jwk/swapped tests/corpus/jwk/twice \
	tests/corpus/jws/crit tests/corpus/jws/eddsa tests/corpus/jws/get \
	tests/corpus/jws/header tests/corpus/jws/inner tests/corpus/jws/jwk \
	tests/corpus/jws/kid tests/corpus/jws/none tests/corpus/jws/rs256 \
	tests/corpus/jws/signatures tests/corpus/jws/twice tests/corpus/payload/account \
	tests/corpus/payload/array tests/corpus/payload/authz \
	tests/corpus/payload/bad_names tests/corpus/payload/binding \
	tests/corpus/payload/binding_512 tests/corpus/payload/binding_alg \
	tests/corpus/payload/binding_empty tests/corpus/payload/binding_header \
	tests/corpus/payload/binding_oct tests/corpus/payload/challenge \
	tests/corpus/payload/contacts tests/corpus/payload/deactivate \
	tests/corpus/payload/finalize tests/corpus/payload/order \
	tests/corpus/payload/revoke tests/corpus/payload/twice
