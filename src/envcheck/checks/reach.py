"""The first question of every look: is there anything to talk to at that address?"""

from __future__ import annotations

from functools import wraps

from envcheck.model.check import LoginRefused, Look, Scene
from envcheck.model.outcome import Observation, not_yet
from envcheck.model.target import Endpoint
from envcheck.system.tcp import unreachable


class Amiss(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """What a look saw that ends it; ``answering`` makes it the look's answer."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.observed)
        self.observation = observation


def answering(look: Look) -> Look:
    """The same look, ended by the first thing amiss or by an identity that could not be had."""

    @wraps(look)
    def answer(scene: Scene) -> Observation:
        try:
            return look(scene)
        except (Amiss, LoginRefused) as ended:
            return ended.observation

    return answer


def address(scene: Scene, service: str, port: int | None = None) -> Endpoint:
    """Where the service can be reached from here. Raises Amiss when it publishes no such port."""
    try:
        return scene.target(service).endpoint(port)
    except LookupError as error:
        if isinstance(error, KeyError):  # it does not run here at all: the engine's to judge
            raise
        raise Amiss(
            not_yet(
                str(error),
                cause="network.no-port",
                fix=f"publish the port of {service} in the Compose file (`ports:`)",
            )
        ) from error


def reached(scene: Scene, service: str, port: int | None = None) -> Endpoint:
    """The address, once its port accepts. Raises Amiss with what the network said."""
    endpoint = address(scene, service, port)
    refused = unreachable(endpoint)
    if refused is not None:
        raise Amiss(refused)
    return endpoint
