# Each family of metrics is made to move.
dist_check_SCRIPTS += tests/metrics.sh
EXTRA_DIST += tests/metrics_client.py
TESTS += tests/metrics.sh
