"""Addresses of the pages that open from a link."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
