"""One router per file; this is the list."""

from backend_api.routes import (
    api_keys,
    audit_logs,
    auth,
    impersonation,
    models,
    public,
    recommendations,
    tenants,
    training,
    usage,
    users,
)

ROUTERS = (
    public.router,
    auth.router,
    recommendations.router,
    api_keys.router,
    usage.router,
    users.router,
    users.admin,
    tenants.router,
    training.router,
    models.router,
    audit_logs.router,
    impersonation.router,
)
