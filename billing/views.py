"""The door for messages of payment providers. They need no key: each proves who sent it."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import gateways, services
from billing.errors import UnknownGateway
from billing.gateways import About, NoticeRefused

LONGEST = 64 * 1024


@csrf_exempt
@require_POST
def take_notice(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take a message that is the provider's and fresh; the same one again is answered alike."""
    if len(request.body) > LONGEST:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        provider = gateways.hosted(gateway)
        notice = provider.read_notice(headers=request.headers, body=request.body, now=timezone.now())
    except UnknownGateway:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    except NoticeRefused as refused:
        return HttpResponse(f"{refused}\n", status=HTTPStatus.UNAUTHORIZED, content_type="text/plain")
    take = services.take_payout if notice.about is About.PAYOUT else services.take_notice
    take(gateway, notice)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
