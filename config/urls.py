from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("triage.api.urls")),
    path("", include("accounts.urls")),
    path("", include("triage.web.urls")),
]
