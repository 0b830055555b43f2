"""Reads standard input as OpenTelemetry's and Prometheus' own libraries do: check_metrics.py otlp|openmetrics. Exit 1 and a reason when it is not that."""

import sys

text = sys.stdin.read()
if sys.argv[1] == "otlp":
    from google.protobuf import json_format
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    request = json_format.Parse(text, ExportMetricsServiceRequest(), ignore_unknown_fields=False)
    metrics = {m.name: m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics}
    assert metrics["kedge_events"].sum.is_monotonic, "kedge_events is no monotonic sum"
    assert metrics["kedge_events"].sum.aggregation_temporality == 2, "kedge_events is not cumulative"
    assert metrics["kedge_alerts"].gauge.data_points, "kedge_alerts has no points"
    points = metrics["kedge_run_duration_seconds"].histogram.data_points
    for point in points:
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, "a histogram has too few buckets"
        assert sum(point.bucket_counts) == point.count, "a histogram's buckets do not add up"
    assert points, "kedge_run_duration_seconds has no points"
else:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    families = {f.name: f for f in text_string_to_metric_families(text)}
    assert families["kedge_events"].type == "counter", "kedge_events is no counter"
    assert families["kedge_run_duration_seconds"].unit == "seconds", "kedge_run_duration_seconds has no unit"
