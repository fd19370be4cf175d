"""Addresses that a provider is told to call."""

from django.urls import path

from scheduling.hooks import mail, texts

urlpatterns = [
    path("mail/", mail.events, name="mail"),
    path("texts/", texts.status, name="texts"),
]
