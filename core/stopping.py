"""Set when this process has been told to end: long work looks at it between two pieces."""

import threading

stopping = threading.Event()
