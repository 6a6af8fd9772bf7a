"""Nothing to change in the shop: the real gateways' names, answered by this house on this machine.

Some SDKs have their gateway's host written into them. A shop that runs them goes through this proxy instead (HTTPS_PROXY), or
is sent here by the hosts file, and finds a TLS server that answers for just those names, with a certificate of this house's own
authority. What comes out of the tunnel is handed to the wires as it is. Nobody but programs of this machine can reach it, and
the authority can sign for nothing else: its own certificate says so.
"""

from florin.app.proxy.authority import Authority, AuthorityUnreadable
from florin.app.proxy.hosts import GATEWAY_HOSTS
from florin.app.proxy.server import Proxy, ProxyInPublic, refuse_public

__all__ = ["GATEWAY_HOSTS", "Authority", "AuthorityUnreadable", "Proxy", "ProxyInPublic", "refuse_public"]
