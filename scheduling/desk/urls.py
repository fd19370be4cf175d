"""Addresses of the desk's home, board and booking."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
