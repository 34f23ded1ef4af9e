"""Gateways over HTTP: one file for each provider, on one transport that knows no provider."""
