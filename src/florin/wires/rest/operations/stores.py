"""Stores with a door, and the tills in them."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import shapes, stores
from florin.wires.rest.serve import Nothing, Operation

_STORES: Final = "/v1/owner/merchants/{merchant_id}/stores"

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path=_STORES,
        name="list_stores",
        summary="A merchant's stores, with their tills and what each till's code says",
        run=stores.get_stores,
        answer=shapes.Stores,
        tag="owner",
        needs="owner",
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path=_STORES,
        name="put_store",
        summary="Add a store, or change its name and address; a closed one opens again",
        description="Its number is the merchant's own and makes it happen once.",
        run=stores.put_store,
        body=shapes.NewStore,
        examples={
            "by the lake": {"code": "west-lake", "name": "West Lake", "name_zh": "西湖店", "address": "1 Lake Road"}
        },
        answer=shapes.Store,
        tag="owner",
        needs="owner",
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path=f"{_STORES}/{{store}}/close",
        name="close_store",
        summary="No sale by a code of this store, from the next one on",
        run=stores.close_store,
        body=Nothing,
        answer=shapes.Store,
        tag="owner",
        needs="owner",
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path=f"{_STORES}/{{store}}/terminals",
        name="put_terminal",
        summary="Add a till, or give it another app; a closed one opens again with the same code",
        run=stores.put_terminal,
        body=shapes.NewTerminal,
        examples={"till three": {"code": "3", "app_id": "2021000100000001"}},
        answer=shapes.Store,
        tag="owner",
        needs="owner",
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path=f"{_STORES}/{{store}}/terminals/{{terminal}}/close",
        name="close_terminal",
        summary="No sale by this till's code, from the next one on",
        run=stores.close_terminal,
        body=Nothing,
        answer=shapes.Store,
        tag="owner",
        needs="owner",
        refusals=("NotFound",),
    ),
)
