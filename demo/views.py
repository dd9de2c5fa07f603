"""The first page of the demo: six people to be, what was mailed, and three things to prove."""

from io import BytesIO

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from core import doors
from core.files import read_file
from core.mail_pictures import files_of, html_for_a_page
from core.models import OutgoingMail, User
from demo import bank, proofs
from demo.guard import only_in_demo
from demo.models import DemoDatabase
from demo.people import PASSWORD, PERSONAS

PER_PAGE = 25


def _state() -> DemoDatabase:
    return DemoDatabase.objects.get()


@require_GET
@only_in_demo
def welcome(request: HttpRequest) -> HttpResponse:
    """Show the six cards, or how far the data is."""
    state = _state()
    context = {
        "state": state,
        "personas": PERSONAS,
        "password": PASSWORD,
        "proofs": proofs.PROOFS.values(),
        "curl": proofs.curl_example(state.api_key),
        "stale": state.ready and state.is_older_than_a_day,
    }
    return render(request, "demo/welcome.html" if state.ready else "demo/progress.html", context)


@require_GET
@only_in_demo
def progress(request: HttpRequest) -> JsonResponse:
    """Tell how far the data is."""
    state = _state()
    return JsonResponse({"percent": state.percent, "stage": state.stage, "ready": state.ready})


@require_POST
@csrf_protect
@only_in_demo
def become(request: HttpRequest, username: str) -> HttpResponse:
    """Sign in as one of the six."""
    persona = next((one for one in PERSONAS if one.username == username), None)
    if persona is None:
        raise Http404
    user = get_object_or_404(User, username=persona.username)
    return doors.enter(request, user, target=persona.start)


@require_GET
@only_in_demo
def sent_mail(request: HttpRequest) -> HttpResponse:
    """List every mail that was written, newest first: no mail server is needed."""
    page = Paginator(OutgoingMail.objects.order_by("-created_at", "-pk").defer("html", "text"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "demo/mail.html", {"page": page})


@require_GET
@only_in_demo
def read_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mail as its reader sees it."""
    mail = get_object_or_404(OutgoingMail.objects.prefetch_related("attachments"), pk=pk)
    return render(request, "demo/read_mail.html", {"mail": mail, "files": files_of(mail)[0]})


@require_GET
@only_in_demo
@xframe_options_sameorigin
def mail_body(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the HTML of a mail for its frame, where no script may run."""
    mail = get_object_or_404(OutgoingMail, pk=pk)
    # Its links lead the whole window on: no page of ours lets itself be framed.
    response = HttpResponse(html_for_a_page(mail).replace("<head>", '<head><base target="_top">', 1))
    policy = (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
    )
    response.headers["Content-Security-Policy"] = policy
    response._csp_exempt = True  # type: ignore[attr-defined]
    return response


@require_GET
@only_in_demo
def mail_file(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """Hand out what a mail brings along."""
    attachment = get_object_or_404(get_object_or_404(OutgoingMail, pk=pk).attachments, pk=file)
    content = BytesIO(read_file(attachment))
    return FileResponse(content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type)


@require_GET
@only_in_demo
def bank_statement(request: HttpRequest) -> HttpResponse:
    """Hand out what the bank has to tell, to be taken in under Money."""
    today = timezone.localdate()
    response = HttpResponse(bank.statement(today), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="hafenbank-{today:%Y-%m-%d}.csv"'
    return response


@require_POST
@csrf_protect
@only_in_demo
def prove(request: HttpRequest, name: str) -> HttpResponse:
    """Start a proof; its page asks how it goes."""
    if name not in proofs.PROOFS:
        raise Http404
    proofs.start(name, key=_state().api_key)
    return redirect(f"/demo/#{name}")


@require_GET
@only_in_demo
def proof_state(request: HttpRequest, name: str) -> JsonResponse:
    """Tell how a proof goes."""
    if name not in proofs.PROOFS:
        raise Http404
    return JsonResponse(proofs.state_of(name))
