"""open.app.alipaycert.download: our certificate, for a shop whose answers come with the number of another than it has.

So a platform key is rotated without a word to the shops in certificate mode: they trust the root, and fetch the rest.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay import shapes
from florin.wires.alipay.answers import business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.certificates import Authority, pem_of
from florin.wires.alipay.desk import Answered, Desk

OURS = ("Florin", "Alipay wire")


async def download(desk: Desk, call: Call, request: shapes.CertificateDownload) -> Answered:
    for authority in desk.calling.authorities:
        for key in desk.calling.our_keys:
            if authority.number_of(key) == request.alipay_cert_sn:
                pem = our_certificate(authority, key)
                return success(alipay_cert_content=base64.b64encode(pem.encode()).decode())
    number = request.alipay_cert_sn
    raise business(
        "INVALID_PARAMETER", f"参数无效 alipay_cert_sn: “{number}” is the number of none of our live certificates"
    )


def our_certificate(authority: Authority, key: rsa.RSAPublicKey) -> str:
    """The certificate of a platform key, as PEM."""
    organization, name = OURS
    return pem_of(authority.certificate_of(key, organization=organization, name=name))
