"""Addresses of the set-up."""

from django.urls import path

from scheduling.setup import access, closures, home, people, places, protocols, reports, shifts, sites, trail, wordings

urlpatterns = [
    path("", home.home, name="home"),
    path("sites/new/", sites.new, name="site_new"),
    path("sites/<uuid:site>/", sites.site, name="site"),
    path("sites/<uuid:site>/hours/", sites.hours, name="hours"),
    path("sites/<uuid:site>/chairs/", places.places, name="places"),
    path("sites/<uuid:site>/closures/", closures.closures, name="closures"),
    path("sites/<uuid:site>/holidays/", closures.holidays, name="holidays"),
    path("sites/<uuid:site>/shifts/", shifts.shifts, name="shifts"),
    path("sites/<uuid:site>/shifts/<uuid:member>/", shifts.week, name="week"),
    path("sites/<uuid:site>/shifts/<uuid:member>/day/", shifts.one_day, name="one_day"),
    path("sites/<uuid:site>/shifts/<uuid:member>/away/", shifts.away, name="away"),
    path("sites/<uuid:site>/wording/", wordings.wordings, name="wordings"),
    path("sites/<uuid:site>/wording/<str:kind>/", wordings.wording, name="wording"),
    path("sites/<uuid:site>/wording/<str:kind>/<str:language>/mail/", wordings.mail, name="wording_mail"),
    path("chairs/<uuid:place>/", places.place, name="place"),
    path("chairs/<uuid:place>/move/", places.move, name="place_move"),
    path("closures/<uuid:closure>/end/", closures.end, name="closure_end"),
    path("protocols/", protocols.protocols, name="protocols"),
    path("protocols/new/", protocols.new, name="protocol_new"),
    path("protocols/<uuid:protocol>/", protocols.protocol, name="protocol"),
    path("protocols/<uuid:protocol>/told/", protocols.told, name="protocol_told"),
    path("protocols/<uuid:protocol>/change/", protocols.edit, name="protocol_edit"),
    path("sites/<uuid:site>/reports/", reports.reports, name="reports"),
    path("sites/<uuid:site>/reports/<slug:report>/", reports.report_file, name="report_file"),
    path("access/", access.table, name="access"),
    path("emergencies/", access.emergencies, name="emergencies"),
    path("emergencies/<uuid:access>/", access.review, name="emergency_review"),
    path("trail/", trail.page, name="trail"),
    path("trail/file/", trail.as_csv, name="trail_csv"),
    path("people/", people.people, name="people"),
    path("people/new/", people.new, name="person_new"),
    path("people/<uuid:member>/", people.person, name="person"),
    path("people/<uuid:member>/factors/", people.forget_factors, name="forget_factors"),
    path("people/<uuid:member>/link/", people.link, name="sign_in_link"),
]
