"""Addresses of what anybody may open: asking for a consult, below the site's neutral name."""

from django.urls import path

from scheduling.portal import consult_views

urlpatterns = [
    path("", consult_views.sites, name="sites"),
    path("<slug:clinic>/", consult_views.ask, name="ask"),
    path("<slug:clinic>/thanks/", consult_views.thanks, name="thanks"),
]
