"""Everything a route may need, built once per application."""

from dataclasses import dataclass

from backend_api.cache import Cache
from backend_api.callers import Callers
from backend_api.database import Database
from backend_api.limits import Limits
from backend_api.neighbours import Airflow, Neighbour, new_session
from backend_api.popular import Popular
from backend_api.recommending import Recommender
from backend_api.settings import Settings
from backend_api.tokens import Tokens
from backend_api.tracing import Tracer, tracer
from backend_api.training import Training
from backend_api.usage import UsageLog


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    cache: Cache
    tokens: Tokens
    callers: Callers
    limits: Limits
    usage: UsageLog
    ml_engine: Neighbour
    data_pipeline: Neighbour
    recommender: Recommender
    training: Training
    tracer: Tracer

    async def open(self) -> None:
        """Returns at once, whatever is away."""
        session = new_session(self.tracer)
        for neighbour in (self.ml_engine, self.data_pipeline, self.training.airflow):
            neighbour.session = session
        await self.database.open()
        self.usage.start()

    async def close(self) -> None:
        await self.recommender.close()
        await self.usage.close()
        await self.ml_engine.close()
        await self.cache.close()
        await self.database.close()
        self.tracer.close()


def build(settings: Settings) -> Services:
    database, cache = Database(settings.database_url), Cache(settings.redis_url)
    tokens = Tokens(settings.jwt_secret)
    internal = {"X-Internal-Token": settings.internal_token}
    ml_engine = Neighbour("ml-engine", settings.ml_engine_url, internal)
    airflow = Airflow("airflow", settings.airflow_url, settings.airflow_password)
    return Services(
        settings=settings,
        database=database,
        cache=cache,
        tokens=tokens,
        callers=Callers(database, tokens),
        limits=Limits(database, cache, settings.rate_limit_per_minute),
        usage=UsageLog(database),
        ml_engine=ml_engine,
        data_pipeline=Neighbour("data-pipeline", settings.data_pipeline_url, internal),
        recommender=Recommender(cache, ml_engine, Popular(cache, ml_engine)),
        training=Training(airflow, ml_engine),
        tracer=tracer(settings),
    )
