"""Who is told what happens, and what became of each try."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import endpoints, shapes
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/webhooks/endpoints",
        name="list_endpoints",
        summary="Your webhook endpoints, and the topics that there are",
        needs="merchant",
        run=endpoints.get_endpoints,
        answer=shapes.Endpoints,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/endpoints",
        name="add_endpoint",
        summary="Tell one more address; its secret is shown this once",
        needs="merchant",
        run=endpoints.new_endpoint,
        body=shapes.NewEndpoint,
        examples={"payouts": {"url": "https://shop.example/told", "topics": ["payout.settled", "payout.returned"]}},
        answer=shapes.EndpointSecret,
        status=201,
        refusals=(
            "TopicUnknown",
            "TooManyEndpoints",
            "AddressInvalid",
            "AddressCarriesCredentials",
            "AddressNotPublic",
        ),
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/endpoints/{endpoint_id}/rotate",
        name="rotate_endpoint",
        summary="A new secret; for a day messages carry the signatures of both",
        needs="merchant",
        run=endpoints.rotate_endpoint,
        answer=shapes.EndpointSecret,
        status=201,
        refusals=("NoSuchEndpoint",),
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/endpoints/{endpoint_id}/remove",
        name="remove_endpoint",
        summary="Tell nothing there any more; what waits is not sent",
        needs="merchant",
        run=endpoints.drop_endpoint,
        answer=shapes.Endpoints,
        refusals=("NoSuchEndpoint",),
    ),
    Operation(
        method="GET",
        path="/v1/webhooks/deliveries",
        name="list_deliveries",
        summary="Each try to tell your systems: status, how long it took, what was answered",
        needs="merchant",
        run=endpoints.get_deliveries,
        answer=shapes.Deliveries,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/replay",
        name="replay_deliveries",
        summary="Tell again: one message, or all that nobody heard since a moment",
        description="A message keeps its `webhook-id`, so a listener that heard it can know.",
        needs="merchant",
        run=endpoints.replay_deliveries,
        body=shapes.Replay,
        examples={"since the outage": {"failed_since": "2026-03-05T00:00:00+08:00"}},
        answer=shapes.Replayed,
    ),
)
