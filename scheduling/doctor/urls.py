"""Addresses of the doctor's screens."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
