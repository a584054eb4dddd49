"""Signing in through identity providers: who somebody is, what their groups give, and what a provider may say. Pure."""
