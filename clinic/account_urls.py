"""Sign-in and sign-out, the two pages of django-allauth that a staff-only clinic uses, and choosing a password."""

from allauth.account import views
from django.urls import path

from clinic.welcome import welcome

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("welcome/<uuid:account>/<str:token>/", welcome, name="account_welcome"),
    # allauth links to these names; nobody signs up or resets a password by himself yet.
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
]
