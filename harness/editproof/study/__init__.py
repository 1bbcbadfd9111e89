"""The one orchestrator of a study: run, bench, judge, case records, exhibits, workers."""
