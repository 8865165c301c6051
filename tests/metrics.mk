# Each family of metrics is made to move.
dist_check_SCRIPTS += tests/metrics.sh
EXTRA_DIST += tests/metrics_client.py tests/metrics_rules.yml
TESTS += tests/metrics.sh

# Brevet and other servers under the same load; run by hand.
EXTRA_DIST += docs/tests.md docs/performance.md docs/performance/machine docs/performance/runs.jsonl \
	docs/performance/rounds/machine docs/performance/rounds/runs.jsonl \
	docs/performance/validations/machine docs/performance/validations/runs.jsonl \
	tests/bench/compare tests/bench/compare_table.py tests/bench/profile_table.py \
	tests/bench/validations_table.py
