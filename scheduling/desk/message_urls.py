"""Addresses of the call list and the messages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
