# When certificates are renewed: the arithmetic, the simulation, and its command line.
unit_tests += tests/test_plan tests/test_plan_even tests/test_simulate
tests_test_plan_SOURCES = tests/test_plan.c tests/plan_make.h tests/tap.h
tests_test_plan_LDADD = $(ACME)
tests_test_plan_even_SOURCES = tests/test_plan_even.c tests/plan_make.h tests/tap.h
tests_test_plan_even_LDADD = $(ACME)
tests_test_simulate_SOURCES = tests/test_simulate.c tests/tap.h
tests_test_simulate_LDADD = $(ACME)

dist_check_SCRIPTS += tests/simulate.sh
TESTS += tests/simulate.sh
EXTRA_DIST += docs/renewal.md docs/renewal/make docs/renewal/100d-outage.svg docs/renewal/100d.svg \
	docs/renewal/160h-outage.svg docs/renewal/160h.svg docs/renewal/200d-outage.svg \
	docs/renewal/200d.svg docs/renewal/47d-mixed.svg docs/renewal/47d-outage.svg \
	docs/renewal/47d.svg docs/renewal/6h.svg
