"""Does the address a broker advertises lead back to it from here?

A client asks any address for the cluster and then talks to the advertised ones only: a broker that
advertises a name only containers know answers us once and is out of reach for ever.
"""

from __future__ import annotations

from envcheck.checks.kafka_cluster import Cluster, cluster
from envcheck.checks.kafka_wire import Talk
from envcheck.checks.reach import Amiss
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.target import Endpoint
from envcheck.system.tcp import unreachable


def advertised(talk: Talk, found: Cluster) -> Observation:
    """Every broker's own address, asked from here."""
    for node, address in found.brokers.items():
        wrong = _astray(talk, found, address)
        if wrong:
            return _broken(talk.endpoint, node, address, wrong)
    return passed(", ".join(f"broker {node} at {at}" for node, at in found.brokers.items()))


def _astray(talk: Talk, found: Cluster, address: Endpoint) -> str:
    if address == talk.endpoint:
        return ""
    refused = unreachable(address, 0.5)
    if refused is not None:
        return refused.observed
    try:
        with Talk(address, talk.login) as there:
            other = cluster(there).id
    except Amiss as amiss:
        return amiss.observation.observed
    return "" if other == found.id else f"another cluster answers at {address}: {other}"


def _broken(dialled: Endpoint, node: int, address: Endpoint, wrong: str) -> Observation:
    return broken(
        f"broker {node} advertises {address}, which cannot be used from here: {wrong}",
        cause="kafka.advertised-address",
        expected=f"an address that leads back to the broker, such as {dialled}",
        fix=f"add a listener for the host to KAFKA_ADVERTISED_LISTENERS (HOST://{dialled}) "
        "and publish its port",
        evidence=(f"asked at {dialled}; its metadata names {address}",),
    )
