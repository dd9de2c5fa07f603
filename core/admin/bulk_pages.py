"""The page of a bulk job: how far it is, what became of each row, and what can be done about it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from core import bulk
from core.admin import bulk_running, commands, links
from core.admin.actors import actor_for
from core.admin.bulk import AT_ONCE
from core.admin.files import download
from core.admin.links import page_of
from core.admin.site import BackOffice
from core.errors import DomainError
from core.models import BulkJob, BulkRow

PER_PAGE = 100
Row = BulkRow.Status
SHOWN: dict[str, Any] = {
    Row.REFUSED: gettext_lazy("Refused"),
    Row.SKIPPED: gettext_lazy("Nothing to do"),
    Row.DONE: gettext_lazy("Done"),
    Row.WAITING: gettext_lazy("Not begun"),
}


def urls(site: Any) -> list[Any]:
    """Return the addresses of bulk jobs."""
    wrap = site.admin_view
    job = "bulk/<uuid:key>/"

    def jobs_view(request: HttpRequest) -> HttpResponse:
        return jobs_page(site, request)

    def job_view(request: HttpRequest, key: Any) -> HttpResponse:
        return job_page(site, request, key)

    return [
        path("bulk/", wrap(jobs_view), name="bulk_jobs"),
        path(job, wrap(job_view), name="bulk_job"),
        path(f"{job}progress/", wrap(progress), name="bulk_progress"),
        path(f"{job}file/", wrap(file), name="bulk_file"),
        path(f"{job}cancel/", wrap(require_POST(cancel)), name="bulk_cancel"),
        path(f"{job}again/", wrap(require_POST(again)), name="bulk_again"),
    ]


def jobs_page(site: Any, request: HttpRequest) -> HttpResponse:
    """Show what somebody had done with many rows lately."""
    jobs = list(BulkJob.objects.filter(owner_id=request.user.pk).order_by("-pk")[:50])
    counted = bulk.tallies(jobs)
    rows = [{"job": job, "title": title_of(job), "result": result_of(counted[job.pk])} for job in jobs]
    context = {**site.each_context(request), "title": _("My bulk steps"), "rows": rows}
    return TemplateResponse(request, "admin/bulk_jobs.html", context)


def job_page(site: Any, request: HttpRequest, key: Any) -> HttpResponse:
    """Show how far a job is, and what became of its rows."""
    job = _readable(request, key)
    is_own = job.owner_id == request.user.pk
    counted = bulk.tally(job)
    spec = bulk_running.spec_of(job)
    left = counted.refused + counted.waiting
    context = {
        **site.each_context(request),
        **_progress(job, counted),
        **_rows(request, job, counted),
        "title": title_of(job),
        "spec": spec,
        "list_name": capfirst(_name_of_list(job, many=True)),
        "back": _back(request, job),
        "is_own": is_own,
        "left": left,
        "may_try_again": is_own
        and job.is_over
        and spec is not None
        and bool(left)
        and request.user.has_perm(spec.permission),
        "shows_file": job.file is not None and job.file.content_type == "application/pdf",
    }
    return TemplateResponse(request, "admin/bulk_job.html", context)


def progress(request: HttpRequest, key: Any) -> JsonResponse:
    """Tell the page how far a job is."""
    job = _readable(request, key)
    shown = render_to_string("admin/parts/bulk_progress.html", _progress(job, bulk.tally(job)), request)
    answer = JsonResponse({"over": job.is_over, "shown": shown})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def file(request: HttpRequest, key: Any) -> HttpResponse:
    """Hand out what a job made."""
    job = _job(request, key)
    spec = bulk_running.spec_of(job)
    if job.file is None or spec is None or not request.user.has_perm(spec.permission):
        raise Http404
    return download(job.file, inline=True)


def cancel(request: HttpRequest, key: Any) -> HttpResponse:
    """Stop a job; what is done stays done."""
    job = _job(request, key)
    if bulk.cancel(job.pk):
        messages.success(request, _("Stopped. What was done by then stays done."))
    return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))


def again(request: HttpRequest, key: Any) -> HttpResponse:
    """Try the rows again that were refused or not begun, as a job of its own; a second click is the same job."""
    job = _job(request, key)
    spec = bulk_running.spec_of(job)
    if not job.is_over or spec is None or not request.user.has_perm(spec.permission):
        return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))
    wanted = bulk.Wanted(
        token=f"again:{job.pk}",
        owner_id=job.owner_id,
        again_of=job.pk,
        **{name: getattr(job, name) for name in ("table", "step", "said", "columns", "about", "back", "language")},
    )
    ids = bulk.left_over(job)
    if not ids:
        return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))
    try:
        following, _new = bulk.begin(wanted, ids, actor=actor_for(request))
    except DomainError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))
    if len(ids) <= AT_ONCE and spec.paper is None:
        bulk_running.pay_now(following)
    return HttpResponseRedirect(reverse("admin:bulk_job", args=[following.key]))


# Parts ------------------------------------------------------------------------------------------
def _job(request: HttpRequest, key: Any) -> BulkJob:
    """Return a job of the reader's own, with which something may be done."""
    job = BulkJob.objects.select_related("owner", "file", "again_of").filter(key=key, owner_id=request.user.pk).first()
    if job is None:
        raise Http404
    return job


def _readable(request: HttpRequest, key: Any) -> BulkJob:
    """Return a job that somebody may look at: his own, or what a colleague did to a list that he sees as well."""
    job = BulkJob.objects.select_related("owner", "file", "again_of").filter(key=key).first()
    table = bulk_running.admin_of(job) if job else None
    if job is None or (job.owner_id != request.user.pk and not (table and table.has_view_permission(request))):
        raise Http404
    return job


def title_of(job: BulkJob) -> str:
    """Say what is done with how many rows of which list: “Confirm: 500 orders”."""
    spec = bulk_running.spec_of(job)
    words = {
        "step": spec.label if spec else job.step,
        "count": number_format(job.total, force_grouping=True),
        "rows": _name_of_list(job, many=job.total != 1),
    }
    return _("%(step)s: %(count)s %(rows)s") % words


def result_of(counted: bulk.Tally) -> str:
    """Say what became of the rows: “497 done, 3 refused”."""
    parts = [
        ngettext("%(n)s done", "%(n)s done", counted.done),
        ngettext("%(n)s with nothing to do", "%(n)s with nothing to do", counted.skipped) if counted.skipped else "",
        ngettext("%(n)s refused", "%(n)s refused", counted.refused) if counted.refused else "",
    ]
    counts = (counted.done, counted.skipped, counted.refused)
    said = [text % {"n": number_format(n, force_grouping=True)} for text, n in zip(parts, counts, strict=True) if text]
    return ", ".join(said)


def _name_of_list(job: BulkJob, *, many: bool) -> str:
    table = bulk_running.admin_of(job)
    if table is None:
        return str(_("rows"))
    return str(table.opts.verbose_name_plural if many else table.opts.verbose_name)


def _progress(job: BulkJob, counted: bulk.Tally) -> dict[str, Any]:
    return {"job": job, "counted": counted, "result": result_of(counted), "step_status": job.get_status_display()}  # type: ignore[attr-defined]


def _rows(request: HttpRequest, job: BulkJob, counted: bulk.Tally) -> dict[str, Any]:
    """Return a page of the rows, what asks for somebody first, each with the record as the reader may see it."""
    counts: dict[str, int] = {
        Row.REFUSED: counted.refused,
        Row.SKIPPED: counted.skipped,
        Row.DONE: counted.done,
        Row.WAITING: counted.waiting,
    }
    kinds = [kind for kind in SHOWN if counts[kind]]
    chosen = request.GET.get("show", "")
    if chosen not in kinds:
        chosen = str(kinds[0]) if kinds else ""
    after = request.GET.get("after", "")
    rows = BulkRow.objects.filter(
        job=job, status=chosen, pk__gt=int(after) if after.isdecimal() and len(after) < 19 else 0
    )
    page = list(rows.order_by("pk")[: PER_PAGE + 1])
    more = page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None
    named = _records(request, job, [row.subject_id for row in page[:PER_PAGE]])
    own = job.owner_id == request.user.pk
    return {
        "kinds": [(kind, SHOWN[kind], counts[kind], kind == chosen) for kind in kinds],
        "chosen": chosen,
        # Whoever looks at the job of a colleague reads of what he sees himself.
        "rows": [_told(row, named.get(row.subject_id)) for row in page[:PER_PAGE] if own or row.subject_id in named],
        "more": more,
    }


def _records(request: HttpRequest, job: BulkJob, ids: list[int]) -> dict[int, Any]:
    table = bulk_running.admin_of(job)
    if table is None or not ids or not table.has_view_permission(request):
        return {}
    return {record.pk: record for record in table.get_queryset(request).filter(pk__in=ids)}


def _told(row: BulkRow, record: Any) -> dict[str, Any]:
    name = links.title_of(record) if record is not None else f"#{row.subject_id}"
    return {"name": name, "url": page_of(record), "reason": row.reason, "at": row.at}


def _back(request: HttpRequest, job: BulkJob) -> str:
    if url_has_allowed_host_and_scheme(job.back, {request.get_host()}, require_https=request.is_secure()):
        return job.back
    return reverse("admin:index")


BackOffice.more_urls.append(urls)
commands.register(
    "bulk-jobs",
    gettext_lazy("My bulk steps"),
    url_name="admin:bulk_jobs",
    icon="list",
    group=commands.EVERYWHERE,
    order=890,
)
