"""The addresses at which people choose a password. None asks for a login: each asks for a link instead."""

from django.urls import path

from accounts.views import Invitation, PasswordReset, PasswordResetConfirm, PasswordResetSent

urlpatterns = [
    path("password-reset/", PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent/", PasswordResetSent.as_view(), name="password-reset-sent"),
    path(
        "password-reset/<uidb64>/<token>/",
        PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation"),
]
