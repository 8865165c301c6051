noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = store/account.c store/authz.c store/binding.c store/cert.c \
	store/codec.c store/codec.h store/commit.c store/counts.c store/crl.c \
	store/end.c store/env.h store/evidence.c store/incident.c store/job.c store/limit.c \
	store/list.c store/meta.c store/open.c store/order.c store/records.h \
	store/renewal.c store/revocation.c store/schema.h store/slots.c store/store.h \
	store/sweep.c store/txn.c store/txn.h store/writer.c

unit_tests += tests/test_codec tests/test_format tests/test_records tests/test_renewals \
	tests/test_store tests/test_upgrade tests/test_writer
tests_test_codec_SOURCES = tests/test_codec.c tests/tap.h tests/sample.h
tests_test_codec_LDADD = $(STORE)
tests_test_format_SOURCES = tests/test_format.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_format_LDADD = $(STORE)
tests_test_records_SOURCES = tests/test_records.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_records_LDADD = $(STORE)
tests_test_renewals_SOURCES = tests/test_renewals.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_renewals_LDADD = $(STORE)
tests_test_store_SOURCES = tests/test_store.c tests/store_make.h tests/tap.h tests/sample.h
tests_test_store_LDADD = $(STORE)
tests_test_upgrade_SOURCES = tests/test_upgrade.c tests/tap.h tests/sample.h tests/unpack.h
tests_test_upgrade_LDADD = $(STORE)
EXTRA_DIST += tests/corpus/store-format-1/README tests/corpus/store-format-1/data.mdb.gz \
	tests/corpus/store-format-3/README tests/corpus/store-format-3/data.mdb.gz
tests_test_writer_SOURCES = tests/test_writer.c tests/tap.h tests/sample.h
tests_test_writer_LDADD = $(STORE)

# A fuzz target replays its corpus in "make check".
unit_tests += tests/fuzz_store
tests_fuzz_store_SOURCES = tests/fuzz_store.c tests/fuzz_main.c tests/tap.h
tests_fuzz_store_LDADD = $(STORE)
EXTRA_DIST += tests/corpus/store/account tests/corpus/store/account-bare \
	tests/corpus/store/authz tests/corpus/store/authz-invalid tests/corpus/store/binding \
	tests/corpus/store/binding-bare tests/corpus/store/binding-count \
	tests/corpus/store/binding-cut tests/corpus/store/binding-state tests/corpus/store/cert \
	tests/corpus/store/cert-intended tests/corpus/store/crl tests/corpus/store/incident \
	tests/corpus/store/incident-state tests/corpus/store/job \
	tests/corpus/store/order tests/corpus/store/order-count tests/corpus/store/order-csr \
	tests/corpus/store/order-cut tests/corpus/store/renewal \
	tests/corpus/store/renewal-reversed
