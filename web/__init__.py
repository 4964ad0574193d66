"""The ASGI side: gate, sign-in, first start, lifespan."""
