"""Mail domains that lend a mailbox for minutes; a house adds its own by DISPOSABLE_MAIL_DOMAINS."""

_KNOWN = """
    0-mail.com 10minutemail.com 10minutemail.net 1secmail.com 20minutemail.com 33mail.com anonbox.net byom.de
    crazymailing.com cuvox.de dispostable.com dropmail.me einrot.com emailondeck.com eyepaste.com fakeinbox.com
    fakemail.net fakemailgenerator.com getairmail.com getnada.com gimpu.ru guerrillamail.biz guerrillamail.com
    guerrillamail.de guerrillamail.net guerrillamail.org harakirimail.com hulapla.de incognitomail.org
    inboxbear.com inboxkitten.com jetable.org kurzepost.de mail-temp.com mailcatch.com maildrop.cc
    mailexpire.com mailforspam.com mailinator.com mailinator.net mailnesia.com mailnull.com mailpoof.com
    mailsac.com mailtemp.info meltmail.com minuteinbox.com mintemail.com moakt.com mohmal.com mytemp.email
    mytrashmail.com nada.email nowmymail.com objectmail.com one-time.email onewaymail.com owlymail.com
    proxymail.eu rcpt.at sharklasers.com shortmail.net sofort-mail.de spam4.me spambog.com spambox.us
    spamex.com spamgourmet.com spamhole.com superrito.com temp-mail.io temp-mail.org tempail.com tempinbox.com
    tempmail.de tempmail.dev tempmail.net tempmailo.com tempr.email throwaway.email throwawaymail.com
    trash-mail.com trash-mail.de trashmail.com trashmail.de trashmail.me trashmail.net trbvm.com
    wegwerfemail.de wegwerfmail.de wegwerfmail.net yopmail.com yopmail.fr yopmail.net zehnminutenmail.de
"""
DISPOSABLE = frozenset(_KNOWN.split())
