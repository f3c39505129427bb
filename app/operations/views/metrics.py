"""/metrics: numbers for a Prometheus server that shows METRICS_TOKEN.

Nothing is counted in this process: everything is read from the database and Redis when asked, so
any process of any machine gives the same answer.
"""

from collections.abc import Iterable, Iterator

from flask import Flask, Response, abort
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.infra.request_counts import BOUNDS
from app.operations.queries.numbers import Numbers, read_numbers
from app.operations.views.tokens import is_wanted, shows_token
from app.web.http import plain_answer


def register(app: Flask) -> None:
    """Add the address."""
    app.add_url_rule("/metrics", "metrics", metrics)


def metrics() -> Response:
    """404 where no key is set, 401 without the right one."""
    if not is_wanted():
        abort(404)
    if not shows_token():
        refused = plain_answer(401, message="Please show METRICS_TOKEN as a bearer token.")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    registry = CollectorRegistry()
    registry.register(_Reader())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Reader(Collector):
    """Reads at the moment of the scrape."""

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: the registry would read everything once just to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every family of numbers."""
        numbers = read_numbers()
        for name, (text, labels, samples) in numbers.gauges.items():
            family = GaugeMetricFamily(f"uscpis_{name}", text, labels=labels)
            for values, number in samples:
                family.add_metric(list(values), number)
            yield family
        yield from _requests(numbers)


def _requests(numbers: Numbers) -> Iterator[Metric]:
    answers = CounterMetricFamily(
        "uscpis_http_requests", "Answers by route and status", labels=["route", "status"]
    )
    for (route, status), count in sorted(numbers.requests.items()):
        answers.add_metric([route, status], count)
    yield answers
    total, buckets = 0.0, []
    for bound in BOUNDS:
        total += numbers.bounds.get(str(bound), 0.0)
        buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
    times = HistogramMetricFamily("uscpis_http_request_seconds", "How long answers took")
    times.add_metric([], buckets=buckets, sum_value=numbers.seconds)
    yield times
