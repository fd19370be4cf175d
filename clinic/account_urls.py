"""Sign-in and sign-out, the second factor, and choosing a password: what a staff-only clinic uses of django-allauth."""

from allauth.account import views
from django.urls import include, path

from clinic import sessions
from clinic.own_sessions import own_sessions
from clinic.sign_in import login
from clinic.welcome import welcome

urlpatterns = [
    path("login/", login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("welcome/<uuid:account>/<str:token>/", welcome, name="account_welcome"),
    path("stay/", sessions.stay, name="account_stay"),
    path("sessions/", own_sessions, name="account_sessions"),
    path("lock/", sessions.lock, name="account_lock"),
    path("second-factor/", include("allauth.mfa.urls")),
    # allauth links to these names; nobody signs up or resets a password by himself yet.
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
]
