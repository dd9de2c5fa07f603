"""What the floor and the road write down; each reader gets it in his own language."""

from core.sentences import gettext_noop, sentence

NOT_FOUND = sentence(gettext_noop("%(units)s not found in %(warehouse)s"))
UNDELIVERED = sentence(gettext_noop("Parcel %(parcel)s could not be delivered"))
CAME_BACK = sentence(gettext_noop("Parcel %(parcel)s came back"))
LOST = sentence(gettext_noop("Parcel %(parcel)s is lost"))
NEVER_SHIPPED = sentence(gettext_noop("The carrier has parcel %(parcel)s, which was never shipped"))
SENT_FROM = sentence(gettext_noop("Sent from %(place)s instead; the shelf is to be counted"))
PART_FROM = sentence(gettext_noop("%(place)s sends %(units)s"))
COMES_FROM = sentence(gettext_noop("%(place)s sends it instead"))
PULLED_BACK = sentence(gettext_noop("It was pulled back"))
CALLED_OFF = sentence(gettext_noop("It was cancelled"))
PUT_TOGETHER = sentence(gettext_noop("It was put together with other work"))
MOVED_AWAY = sentence(gettext_noop("Another warehouse does it now"))
ARRIVED_AFTER_ALL = sentence(gettext_noop("It arrived after all"))
