"""One router per file; this is the list."""

from backend_api.routes import auth, public

ROUTERS = (public.router, auth.router)
