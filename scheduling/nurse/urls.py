"""Addresses of the nurse's screens."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
