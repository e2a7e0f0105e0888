"""The host's HTTP door: Starlette for the paths, uvicorn for the process."""
