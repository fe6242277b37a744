"""The API's documentation for people: the schema, shown by a page that loads nothing from outside."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def docs_page(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")
