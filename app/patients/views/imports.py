"""Imports: upload, the report of the dry run, applying, progress, and the history."""

import csv
import io
from typing import Any

from flask import Response, abort, flash, jsonify, redirect
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.kernel.errors import DomainError
from app.patients import queries, services
from app.patients.forms import ApplyForm, UploadForm
from app.patients.models import ImportRun
from app.patients.permissions import Permission
from app.patients.rules import ImportChoice, neutral_cell
from app.web.http import current_actor
from app.web.views import ReadOnlyView, SafeModelView, interface

REPORT_HEADER = ("line", "column", "value", "what is wrong")


class PatientImportView(ReadOnlyView):
    """Files of patients and what became of them."""

    resource = Permission.IMPORT_READ
    datamodel = interface(ImportRun)
    route_base = "/imports"
    list_title = "Imports"
    list_template = "patients/imports.html"
    include_route_methods = {
        "list",
        "show",
        "upload",
        "apply",
        "discard",
        "progress",
        "report",
    }
    method_permission_name = {
        **SafeModelView.method_permission_name,
        "upload": "write",
        "apply": "write",
        "discard": "write",
        "progress": "read",
        "report": "read",
    }
    list_columns = [
        "started_at",
        "file_name",
        "status",
        "rows_new",
        "rows_changed",
        "rows_same",
        "rows_wrong",
        "started_by",
    ]
    search_columns = ["file_name", "started_by", "started_at"]
    order_columns: list[str] = ["started_at"]
    base_order = ("started_at", "desc")
    label_columns = {
        "started_at": "When",
        "file_name": "File",
        "status": "Status",
        "rows_new": "New",
        "rows_changed": "Changed",
        "rows_same": "Unchanged",
        "rows_wrong": "Wrong",
        "started_by": "By",
    }

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def upload(self) -> Any:
        """Choose a file; its report is shown next."""
        form = UploadForm()
        if form.validate_on_submit():
            given = form.file.data
            try:
                run_id = services.upload_file(
                    current_actor(), file_name=given.filename or "", content=given.read()
                )
                return redirect(f"{self.route_base}/show/{run_id}")
            except DomainError as refusal:
                form.file.errors = [refusal.message]
        return self.render_template("patients/import_new.html", form=form)

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The report of a run, with the step that comes next."""
        run = self._found(pk)
        return self.render_template(
            "patients/import_show.html",
            run=run,
            problems=queries.import_problems(run.id, limit=queries.SHOWN_PROBLEMS),
            form=ApplyForm(),
            may_write=current_actor().may(Permission.IMPORT_WRITE),
        )

    @expose("/apply/<pk>", methods=["POST"])
    @has_access
    def apply(self, pk: str) -> WerkzeugResponse:
        """Store what the dry run showed."""
        run, form = self._found(pk), ApplyForm()
        if not form.validate_on_submit():
            flash("Please choose what happens when rows are wrong.", "danger")
            return redirect(f"{self.route_base}/show/{run.id}")
        choice = ImportChoice(form.choice.data)
        return self._step(
            run.id, lambda actor: services.start_import(actor, run_id=run.id, choice=choice)
        )

    @expose("/discard/<pk>", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> WerkzeugResponse:
        """Forget the file."""
        run_id = self._found(pk).id
        return self._step(run_id, lambda actor: services.discard_import(actor, run_id=run_id))

    @expose("/progress/<pk>", methods=["GET"])
    @has_access
    def progress(self, pk: str) -> Response:
        """How far a long import is, for the page that waits for it."""
        run = self._found(pk)
        return jsonify(status=run.status, done=run.rows_done, expected=run.rows_expected)

    @expose("/report/<pk>.csv", methods=["GET"])
    @has_access
    def report(self, pk: str) -> Response:
        """Every wrong row as CSV; no cell can run as a formula (INP-03)."""
        run = self._found(pk)
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(REPORT_HEADER)
        for problem in queries.import_problems(run.id):
            cells = (problem.line, problem.column, problem.value, problem.sentence)
            writer.writerow([neutral_cell(cell) for cell in cells])
        answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename=import-{run.id}.csv"
        return answer

    def _found(self, pk: str) -> ImportRun:
        run = self.datamodel.get(pk, self._base_filters) if pk.isdigit() else None
        if run is None:
            abort(404)
        return run

    def _step(self, run_id: int, step: Any) -> WerkzeugResponse:
        try:
            step(current_actor())
        except DomainError as refusal:
            flash(refusal.message, "danger")
        return redirect(f"{self.route_base}/show/{run_id}")
